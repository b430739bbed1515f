namespace VibeVoice.Development;

/// <summary>What weights of fewer bits cost, part by part.</summary>
/// <param name="Frames">Frames that were compared.</param>
/// <param name="IsRecorded">
/// Whether the numbers compared with were recorded; if not, the same checkpoint made them with exact weights.
/// </param>
/// <param name="Cases">In the order in which they were measured.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record PrecisionReport(int Frames, bool IsRecorded, IReadOnlyList<PrecisionCase> Cases);

/// <summary>One choice of precisions, and what it costs.</summary>
/// <param name="Part">The part that is not exact.</param>
/// <param name="Precision">What was chosen: the whole first, then parts with their own, as <c>float32,decoder=int8</c>.</param>
/// <param name="PartBytes">Bytes of the weights of the part under test.</param>
/// <param name="AllBytes">Bytes of the weights of all parts, without embeddings.</param>
/// <param name="Errors">By quantity, in the order of computation.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record PrecisionCase(
    PrecisionPart Part,
    string Precision,
    long PartBytes,
    long AllBytes,
    IReadOnlyList<PrecisionError> Errors
);

/// <summary>How far one quantity is from that of exact weights.</summary>
/// <param name="Quantity">One of <see cref="PrecisionMeasurement.Quantities"/>.</param>
/// <param name="RelativeError">Largest difference as a share of the largest expected magnitude.</param>
/// <param name="Decibels">Signal to error over all frames; ∞ where all numbers are equal, NaN where some are none.</param>
/// <param name="WorstDecibels">
/// The same of the worst frame. A frame counts as no more than 40 dB below the average one: silence is not held to its own size.
/// </param>
/// <param name="WorstFrame">Which one that is, from 0.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record PrecisionError(
    string Quantity,
    double RelativeError,
    double Decibels,
    double WorstDecibels,
    int WorstFrame
);
