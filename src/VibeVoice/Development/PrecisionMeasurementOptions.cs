namespace VibeVoice.Development;

/// <summary>What is measured.</summary>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record PrecisionMeasurementOptions
{
    /// <summary>Folder of the checkpoint.</summary>
    public required string Model { get; init; }

    /// <summary>File of a preset that fits it.</summary>
    public required string Voice { get; init; }

    /// <summary>The numbers to compare with; null for those that the checkpoint makes with exact weights.</summary>
    public RecordedRun? Recorded { get; init; }

    /// <summary>Frames, from 1; no more than were recorded. Default: 32.</summary>
    public int Frames { get; init; } = 32;

    /// <summary>The part to measure; null for all of them, one after the other.</summary>
    public PrecisionPart? Part { get; init; }

    /// <summary>Threads that compute, from 1; null for as many as the process may use.</summary>
    public int? Threads { get; init; }

    /// <summary>Folder of the tokenizer, where nothing is recorded; null for the checkpoint's own.</summary>
    public string? TokenizerFolder { get; init; }

    /// <summary>Told of every case as it is measured; null to hear nothing.</summary>
    public Action<PrecisionCase>? OnCase { get; init; }
}
