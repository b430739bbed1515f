namespace VibeVoice.Server.Speech;

/// <summary>What would be spoken, for a dry run: the pieces of the prepared text, and the silence between them.</summary>
/// <param name="SilenceSeconds">Before the first piece.</param>
/// <param name="Chunks">In order; each is spoken in one breath.</param>
internal sealed record SpeechOutline(double SilenceSeconds, IReadOnlyList<OutlinedChunk> Chunks)
{
    /// <summary>Null where the engine reads no tokens.</summary>
    public int? Tokens => Chunks.Aggregate<OutlinedChunk, int?>(0, (sum, chunk) => sum + chunk.Tokens);

    /// <summary>Null where the engine cannot tell.</summary>
    public double? EstimatedSeconds =>
        Chunks.Aggregate<OutlinedChunk, double?>(
            SilenceSeconds,
            (sum, chunk) => sum + chunk.EstimatedSeconds + chunk.SilenceSeconds
        );
}

/// <summary>One piece of a text.</summary>
/// <param name="Text">As the engine reads it.</param>
/// <param name="Tokens">Null where the engine reads none.</param>
/// <param name="End">What ends it.</param>
/// <param name="SilenceSeconds">After it.</param>
/// <param name="EstimatedSeconds">How long it will sound, rather too long; null where the engine cannot tell.</param>
internal sealed record OutlinedChunk(
    string Text,
    int? Tokens,
    ChunkBoundary End,
    double SilenceSeconds,
    double? EstimatedSeconds
);
