namespace VibeVoice;

/// <summary>What became of a speech, or has become of it so far.</summary>
/// <param name="FramesComputed">Frames that were computed; the last window is computed to its end.</param>
/// <param name="FramesSpoken">Frames that were handed out.</param>
/// <param name="Duration">How long they sound.</param>
/// <param name="EndReason">Why there are no more; null while there are, and when it ended with an exception.</param>
/// <param name="TokensRead">Tokens of the text that the model has read.</param>
/// <param name="EndedBeforeText">Whether it ended while the model had not read all of the text.</param>
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
);
