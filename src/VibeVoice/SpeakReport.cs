namespace VibeVoice;

/// <summary>What became of a speech, or has become of it so far.</summary>
/// <param name="FramesComputed">Frames that were computed; the last window of a chunk is computed to its end.</param>
/// <param name="FramesSpoken">Frames of speech that were handed out; silence is not counted.</param>
/// <param name="Duration">How long all that was handed out sounds, silence included.</param>
/// <param name="EndReason">
/// Why there are no more: how the last chunk ended; <see cref="Chunks"/> tells of those before. Null while there are
/// more, and when it ended with an exception.
/// </param>
/// <param name="TokensRead">Tokens of the text that the model has read; those that it read twice count twice.</param>
/// <param name="EndedBeforeText">Whether some of the text was never read, in whichever chunk.</param>
/// <param name="PeakLevel">Largest absolute sample before limiting to [-1, 1].</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record SpeakReport(
    int FramesComputed,
    int FramesSpoken,
    TimeSpan Duration,
    SpeechEndReason? EndReason,
    int TokensRead,
    bool EndedBeforeText,
    float PeakLevel
)
{
    /// <summary>The chunks that have ended, in order; a text that fits the model's context is one.</summary>
    public IReadOnlyList<SpokenChunk> Chunks { get; init; } = [];

    /// <summary>
    /// Where the chunk began that the last frame belongs to; null before the first. A frame with which it changes is the first of
    /// its chunk, and all frames before it belong to chunks that are over.
    /// </summary>
    public SpeechPosition? Position { get; init; }
}
