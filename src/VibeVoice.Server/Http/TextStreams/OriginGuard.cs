namespace VibeVoice.Server.Http.TextStreams;

/// <summary>
/// Refuses WebSockets of pages from elsewhere. CORS does not guard them: a browser opens one to any server, with nothing but
/// the header Origin to tell who asks.
/// </summary>
internal static class OriginGuard
{
    /// <exception cref="ApiException">A browser's page asks, which is of another origin and not allowed.</exception>
    public static void Check(HttpRequest request, IReadOnlyList<string> allowed)
    {
        // Only browsers send one, and they send it always.
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !IsAllowed(origin, allowed) && !IsOwn(origin, request.Host))
        {
            throw ApiException.ForeignOrigin(origin);
        }
    }

    private static bool IsAllowed(string origin, IReadOnlyList<string> allowed) =>
        allowed.Any(one => one == "*" || one.TrimEnd('/').Equals(origin, StringComparison.OrdinalIgnoreCase));

    /// <summary>The scheme may differ: TLS often ends before this server.</summary>
    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase)
        && (host.Port is { } port ? uri.Port == port : uri.IsDefaultPort);
}
