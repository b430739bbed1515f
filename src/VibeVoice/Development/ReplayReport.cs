namespace VibeVoice.Development;

/// <summary>What became of a replayed run.</summary>
/// <param name="FramesComputed">Frames that were computed; no more than were recorded.</param>
/// <param name="FramesSpoken">Frames before the end of speech.</param>
/// <param name="EndReason">Why it ended; null where the recording ended first.</param>
/// <param name="Tokens">Tokens of the text that the run was given: the recorded ones, if there are any.</param>
/// <param name="TokensAreEqual">
/// Whether the checkpoint's tokenizer makes the recorded tokens of the text; null where none are recorded, and where
/// it is that of a synthetic checkpoint, which knows no words.
/// </param>
/// <param name="Quantities">Each recorded quantity, in the order of computation.</param>
/// <param name="Differences">
/// What is not as recorded, other than by numbers within the tolerance: one sentence each. None means that all is.
/// </param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record ReplayReport(
    int FramesComputed,
    int FramesSpoken,
    SpeechEndReason? EndReason,
    int Tokens,
    bool? TokensAreEqual,
    IReadOnlyList<QuantityError> Quantities,
    IReadOnlyList<string> Differences
)
{
    /// <summary>Whether the run equals the recorded one.</summary>
    public bool IsEqual => Differences.Count == 0;
}
