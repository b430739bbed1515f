namespace VibeVoice;

/// <summary>What would be spoken: the chunks of a text, and the silence between them.</summary>
/// <param name="Silence">Before the first chunk: the pauses at the beginning of the text.</param>
/// <param name="Chunks">In order; none when the text has nothing to speak.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record SpeechPlan(TimeSpan Silence, IReadOnlyList<PlannedChunk> Chunks)
{
    /// <summary>Tokens that the model will read.</summary>
    public int Tokens => Chunks.Sum(chunk => chunk.Tokens);

    /// <summary>How long it will sound, by <see cref="LongTextOptions.FramesPerToken"/>; the silence is exact.</summary>
    public TimeSpan EstimatedDuration =>
        Chunks.Aggregate(Silence, (sum, chunk) => sum + chunk.EstimatedSpeech + chunk.Silence);
}

/// <summary>A chunk that would be spoken.</summary>
/// <param name="Text">As the model will read it, after preparation.</param>
/// <param name="Tokens">How many it has.</param>
/// <param name="End">What ends it.</param>
/// <param name="Silence">After it: the pauses that the text asks for, or what joins two chunks.</param>
/// <param name="EstimatedSpeech">How long it will sound, by <see cref="LongTextOptions.FramesPerToken"/>.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record PlannedChunk(
    string Text,
    int Tokens,
    ChunkBoundary End,
    TimeSpan Silence,
    TimeSpan EstimatedSpeech
);
