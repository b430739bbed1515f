using System.Globalization;

namespace VibeVoice.Server.Delivery;

/// <summary>What one run of retention found and did.</summary>
/// <param name="IsDryRun">Nothing was deleted; the counts say what would have been.</param>
internal sealed record RetentionReport(bool IsDryRun)
{
    /// <summary>Objects, versions and delete markers.</summary>
    public int Objects { get; init; }

    /// <summary>Size of <see cref="Objects"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>Uploads that were begun and never finished.</summary>
    public int Uploads { get; init; }

    /// <summary>What could not be deleted, objects and uploads together.</summary>
    public int Failures { get; init; }

    /// <summary>The first thing that went wrong, in words.</summary>
    public string? FirstFailure { get; init; }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(IsDryRun ? "would delete" : "deleted")} {Objects} objects ({AnswerLimits.Megabytes(Bytes)}) and {Uploads} unfinished uploads, {Failures} failures"
        );
}
