using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VibeVoice.Server.Speech;

/// <summary>What would be spoken, as <c>speak --dry-run --json</c> and the HTTP server tell it.</summary>
/// <param name="Engine">What would speak.</param>
/// <param name="Voice">With which voice.</param>
/// <param name="SilenceSeconds">Before the first chunk.</param>
/// <param name="Chunks">In order; each is spoken in one breath.</param>
/// <param name="Tokens">Of all chunks; null where the engine reads none.</param>
/// <param name="EstimatedSeconds">How long it will sound at tempo 1, rather too long; null where the engine cannot tell.</param>
/// <param name="Warnings">What has no effect, in whole sentences.</param>
internal sealed record OutlineAnswer(
    string Engine,
    string Voice,
    double SilenceSeconds,
    IReadOnlyList<OutlineChunkAnswer> Chunks,
    int? Tokens,
    double? EstimatedSeconds,
    IReadOnlyList<string> Warnings
)
{
    public static OutlineAnswer Of(SpeechOutline outline, SpeechRequest request, ISynthesizer synthesizer) =>
        new(
            synthesizer.Engine,
            request.Voice.Name,
            outline.SilenceSeconds,
            [.. outline.Chunks.Select(OutlineChunkAnswer.Of)],
            outline.Tokens,
            outline.EstimatedSeconds,
            request.Warnings
        );
}

/// <summary>One piece of a text.</summary>
/// <param name="Text">As the engine reads it.</param>
/// <param name="Tokens">Null where the engine reads none.</param>
/// <param name="End">What ends it: text_end, pause, paragraph, sentence, clause, word, anywhere.</param>
/// <param name="SilenceSeconds">After it.</param>
/// <param name="EstimatedSeconds">How long it will sound; null where the engine cannot tell.</param>
internal sealed record OutlineChunkAnswer(
    string Text,
    int? Tokens,
    string End,
    double SilenceSeconds,
    double? EstimatedSeconds
)
{
    public static OutlineChunkAnswer Of(OutlinedChunk chunk) =>
        new(chunk.Text, chunk.Tokens, NameOf(chunk.End), chunk.SilenceSeconds, chunk.EstimatedSeconds);

    /// <summary>A boundary in the words of answers.</summary>
    public static string NameOf(ChunkBoundary boundary) =>
        boundary switch
        {
            ChunkBoundary.TextEnd => "text_end",
            _ => boundary.ToString().ToLowerInvariant(),
        };
}

/// <summary>JSON of it; letters of other scripts stay as they are.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OutlineAnswer))]
internal sealed partial class OutlineJson : JsonSerializerContext
{
    public static OutlineJson Create(bool isIndented) =>
        new(
            new JsonSerializerOptions(Default.Options)
            {
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                WriteIndented = isIndented,
            }
        );
}
