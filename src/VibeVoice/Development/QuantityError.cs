namespace VibeVoice.Development;

/// <summary>How far one quantity of a replayed run is from what was recorded.</summary>
/// <param name="Name">Its tensor in the file.</param>
/// <param name="Error">Largest difference as a share of <paramref name="Peak"/>; NaN or ∞ where numbers are not finite.</param>
/// <param name="Peak">Largest recorded magnitude.</param>
/// <param name="WorstRow">
/// Where the largest difference is, from 0: the frame, or the token for what is per token; null where all is equal.
/// </param>
/// <param name="Rows">Rows that were computed.</param>
/// <param name="RecordedRows">Rows that were recorded.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record QuantityError(string Name, double Error, double Peak, int? WorstRow, int Rows, int RecordedRows)
{
    /// <summary>Whether the quantity is one of tokens rather than frames.</summary>
    public bool IsPerToken => Name is QuantityNames.TextHidden or QuantityNames.SpeechTextHidden;

    /// <summary>Whether every recorded row was computed, and lies within <see cref="RecordedRun.Tolerance"/>.</summary>
    public bool IsWithinTolerance => Error <= RecordedRun.Tolerance && double.IsFinite(Peak) && Rows >= RecordedRows;
}
