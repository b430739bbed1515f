using System.Text.Json.Serialization;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>A piece of the file, in base64.</summary>
internal sealed record AudioDelta(string Type, string Audio);

/// <summary>The end of the file.</summary>
internal sealed record AudioDone(string Type, Usage Usage);

/// <summary>The end of a stream that broke.</summary>
internal sealed record ErrorEvent(string Type, ErrorDetails Error);

/// <summary>What was read and made.</summary>
/// <param name="InputTokens">Tokens of the prepared text; 0 where the engine reads none.</param>
/// <param name="OutputTokens">The model's frames.</param>
/// <param name="TotalTokens">Both.</param>
internal sealed record Usage(int InputTokens, int OutputTokens, int TotalTokens)
{
    public static Usage Of(SpeechSummary report)
    {
        var input = report.TextTokens ?? 0;
        return new Usage(input, report.Frames, input + report.Frames);
    }
}

/// <summary>JSON of the events.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AudioDelta))]
[JsonSerializable(typeof(AudioDone))]
[JsonSerializable(typeof(ErrorEvent))]
internal sealed partial class EventJson : JsonSerializerContext;
