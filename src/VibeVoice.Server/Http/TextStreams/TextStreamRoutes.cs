namespace VibeVoice.Server.Http.TextStreams;

/// <summary>Where text streams are opened.</summary>
internal static class TextStreamRoutes
{
    private const string Path = "/v1/audio/speech/stream";

    public static void AddTextStreams(this IServiceCollection services) =>
        services.AddSingleton<TextStreamServices>().AddSingleton<TextStreamEndpoint>();

    public static void MapTextStreams(this IEndpointRouteBuilder routes, TextStreamEndpoint endpoint)
    {
        routes
            .MapGet(Path, (Delegate)endpoint.HandleAsync)
            // A browser's WebSocket can send its key in the first message only.
            .WithMetadata(new RouteAccess(IsOpen: true))
            .WithSummary("Speaks a text while it is being written, over a WebSocket.")
            .WithDescription(
                "JSON messages in: start, text, flush, done, cancel, ping. Binary messages with audio out, and JSON: started, "
                    + "progress, done, cancelled, pong, error. docs/text-stream.md has all of them."
            )
            .Produces(StatusCodes.Status101SwitchingProtocols)
            .ProducesErrors(403, 426, 429, 503);
    }
}
