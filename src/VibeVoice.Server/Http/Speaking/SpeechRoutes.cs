namespace VibeVoice.Server.Http.Speaking;

/// <summary>Where speech is asked for.</summary>
internal static class SpeechRoutes
{
    public static void MapSpeech(this IEndpointRouteBuilder routes, SpeechEndpoint endpoint) =>
        routes.MapPost("/v1/audio/speech", endpoint.HandleAsync).RequireRateLimiting(SpeechEndpoint.RateLimitPolicy);
}
