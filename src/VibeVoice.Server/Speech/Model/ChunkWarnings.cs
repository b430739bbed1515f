namespace VibeVoice.Server.Speech.Model;

/// <summary>What a caller should know of a speech that did not go as planned: nothing is dropped in silence.</summary>
internal static class ChunkWarnings
{
    /// <returns>A whole sentence for each chunk that met a limit, or ended before its text did.</returns>
    public static IEnumerable<string> Of(SpeakReport report)
    {
        var chunks = report.Chunks;
        for (var i = 0; i < chunks.Count; i++)
        {
            if (Of(chunks[i]) is { } warning)
            {
                yield return chunks.Count == 1 ? warning : $"Chunk {i + 1} of {chunks.Count}: {warning}";
            }
        }
    }

    private static string? Of(SpokenChunk chunk) =>
        chunk switch
        {
            { EndReason: SpeechEndReason.EndOfSpeech, EndedBeforeText: false } => null,
            { EndReason: SpeechEndReason.EndOfSpeech } =>
                "The text was not spoken to its end: the model ended its speech before; try another seed, or shorter text.",
            { EndedBeforeText: true } =>
                $"The text was not spoken to its end: {Limit(chunk)} came first; send the text in parts.",
            _ => $"The speech did not come to an end before {Limit(chunk)}, and was cut there; its last words may be "
                + "missing or said twice. Try another seed.",
        };

    private static string Limit(SpokenChunk chunk) =>
        chunk.EndReason == SpeechEndReason.DurationLimit ? "MAX_CHUNK_SECONDS" : "the model's position limit";
}
