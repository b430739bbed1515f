using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>Where speech is asked for.</summary>
internal static class SpeechRoutes
{
    public const string Path = "/v1/audio/speech";
    public const string OutlinePath = Path + "/preview-text";

    public static void MapSpeech(
        this IEndpointRouteBuilder routes,
        SpeechEndpoint endpoint,
        OutlineEndpoint outline,
        SpeechRates rates
    )
    {
        string[] types = [.. AudioFormat.All.Skip(1).Select(format => format.ContentType), "text/event-stream"];
        // As a delegate, which the OpenAPI document knows; as a RequestDelegate it would not.
        routes
            .MapPost(Path, (Delegate)endpoint.HandleAsync)
            .AddEndpointFilter(rates.FilterAsync)
            .WithSummary("Speaks a text.")
            .Accepts<SpeechFields>("application/json")
            .Produces<Stream>(StatusCodes.Status200OK, AudioFormat.Mp3.ContentType, types)
            .ProducesErrors(400, 401, 404, 413, 415, 429, 500, 503);
        routes
            .MapPost(OutlinePath, (Delegate)outline.HandleAsync)
            .WithSummary("Says what would be spoken, and in which chunks, without speaking.")
            .Accepts<SpeechFields>("application/json")
            .Produces<OutlineAnswer>(StatusCodes.Status200OK, "application/json")
            .ProducesErrors(400, 401, 404, 413, 415, 500, 503);
    }
}
