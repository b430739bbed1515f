using System.Security.Cryptography;
using TextEncoding = System.Text.Encoding;

namespace VibeVoice.Server.Http;

/// <summary>Lets through who has a key, or needs none; on the health port, only what asks for health.</summary>
internal sealed class KeyGuard(RequestDelegate next, HttpOptions options)
{
    /// <summary>RunPod's edge wants its own key in Authorization, so that ours may come here instead.</summary>
    private const string OwnHeader = "X-API-Key";

    private const string Scheme = "Bearer ";

    private readonly byte[][] _hashes = [.. options.Keys.Select(Hash)];

    public Task InvokeAsync(HttpContext http)
    {
        var access = http.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>();
        if (IsHealthPort(http) && access is not { IsHealth: true })
        {
            throw ApiException.NoRoute(http.Request.Method, http.Request.Path.Value ?? "/");
        }

        if (_hashes.Length > 0 && access is not { IsOpen: true } && http.GetEndpoint() is not null)
        {
            var key = KeyOf(http.Request);
            if (key is null || !IsKnown(key))
            {
                throw ApiException.KeyNeeded(isGiven: key is not null);
            }
        }

        return next(http);
    }

    /// <summary>The key that a request brings, in Authorization or in a header of its own.</summary>
    public static string? KeyOf(HttpRequest request)
    {
        if (request.Headers[OwnHeader].ToString() is { Length: > 0 } own)
        {
            return own;
        }

        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && header.Length > Scheme.Length
            ? header[Scheme.Length..].Trim()
            : null;
    }

    /// <summary>Compares with every key, in a time that tells nothing of where they differ or which it was.</summary>
    private bool IsKnown(string key)
    {
        var hash = Hash(key);
        var isKnown = false;
        foreach (var known in _hashes)
        {
            isKnown |= CryptographicOperations.FixedTimeEquals(hash, known);
        }

        return isKnown;
    }

    private static byte[] Hash(string key) => SHA256.HashData(TextEncoding.UTF8.GetBytes(key));

    private bool IsHealthPort(HttpContext http) =>
        options.PortHealth is { } port && port != options.Port && http.Connection.LocalPort == port;
}
