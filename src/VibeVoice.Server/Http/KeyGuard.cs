namespace VibeVoice.Server.Http;

/// <summary>Lets through who has a key, or needs none; on the health port, only what asks for health.</summary>
internal sealed class KeyGuard(RequestDelegate next, ApiKeys keys, HttpOptions options)
{
    /// <summary>RunPod's edge wants its own key in Authorization, so that ours may come here instead.</summary>
    private const string OwnHeader = "X-API-Key";

    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext http)
    {
        var access = http.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>();
        if (IsHealthPort(http) && access is not { IsHealth: true })
        {
            throw ApiException.NoRoute(http.Request.Method, http.Request.Path.Value ?? "/");
        }

        if (keys.AreNeeded && access is not { IsOpen: true } && http.GetEndpoint() is not null)
        {
            var key = KeyOf(http.Request);
            if (key is null || !keys.IsKnown(key))
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

    private bool IsHealthPort(HttpContext http) =>
        options.PortHealth is { } port && port != options.Port && http.Connection.LocalPort == port;
}
