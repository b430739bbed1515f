using System.Globalization;
using System.Text.Json;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>What <c>speak --dry-run</c> prints to standard output: for people, or as JSON.</summary>
internal static class DryRunOutput
{
    public static async Task WriteAsync(
        SpeechOutline outline,
        SpeechRequest request,
        ISynthesizer synthesizer,
        bool isJson
    )
    {
        if (isJson)
        {
            var json = OutlineJson.Create(isIndented: !Console.IsOutputRedirected);
            var answer = OutlineAnswer.Of(outline, request, synthesizer);
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(answer, json.OutlineAnswer));
            return;
        }

        if (outline.SilenceSeconds > 0)
        {
            await Console.Out.WriteLineAsync($"{Seconds(outline.SilenceSeconds)} of silence");
        }

        for (var i = 0; i < outline.Chunks.Count; i++)
        {
            await Console.Out.WriteLineAsync($"--- {Describe(i + 1, outline.Chunks[i])}");
            await Console.Out.WriteLineAsync(outline.Chunks[i].Text);
        }

        var chunks = outline.Chunks.Count == 1 ? "1 chunk" : $"{outline.Chunks.Count} chunks";
        await Console.Out.WriteLineAsync(
            $"--- {Join(chunks, Tokens(outline.Tokens), About(outline.EstimatedSeconds))}, voice {request.Voice.Name}, "
                + $"engine {synthesizer.Engine}"
        );
    }

    private static string Describe(int number, OutlinedChunk chunk)
    {
        var end =
            chunk.End == ChunkBoundary.TextEnd ? "ends the text" : $"ends at: {OutlineChunkAnswer.NameOf(chunk.End)}";
        var silence = chunk.SilenceSeconds > 0 ? $"then {Seconds(chunk.SilenceSeconds)} of silence" : null;
        return Join($"chunk {number}", Tokens(chunk.Tokens), About(chunk.EstimatedSeconds), end, silence);
    }

    private static string? Tokens(int? tokens) => tokens is { } known ? $"{known} tokens" : null;

    private static string? About(double? seconds) => seconds is { } known ? $"at most about {Seconds(known)}" : null;

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###} s");

    private static string Join(params IEnumerable<string?> facts) =>
        string.Join(", ", facts.Where(fact => fact is not null));
}
