namespace VibeVoice.Server.Http;

/// <summary><c>GET /ping</c>: how RunPod's load balancer learns whether to send requests here (contract §12.6).</summary>
internal static class PingEndpoints
{
    /// <summary>Whether a load balancer or a supervisor asks, every few seconds; known before there is a route.</summary>
    public static bool IsAskedBy(HttpRequest request) =>
        request.Path == "/ping" || request.Path.StartsWithSegments("/health", StringComparison.Ordinal);

    public static void MapPing(this IEndpointRouteBuilder routes, ServerState state) =>
        routes
            .MapGet(
                "/ping",
                () =>
                    Results.StatusCode(
                        state.Phase switch
                        {
                            ServerPhase.Loading => StatusCodes.Status204NoContent,
                            ServerPhase.Ready => StatusCodes.Status200OK,
                            _ => StatusCodes.Status503ServiceUnavailable,
                        }
                    )
            )
            .WithSummary("Whether requests may be sent here.")
            .Produces(StatusCodes.Status200OK)
            .Produces(StatusCodes.Status204NoContent)
            .Produces(StatusCodes.Status503ServiceUnavailable)
            .WithMetadata(RouteAccess.Health);
}
