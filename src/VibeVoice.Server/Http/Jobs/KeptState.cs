using VibeVoice.Server.Queue;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>How far a job has come. There is none before it was begun.</summary>
internal sealed record KeptState
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public JobStatus Status { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>What speaks, and how it cuts: parts of another are not joined with these.</summary>
    public string Speaker { get; init; } = "";

    /// <summary>The parts that are kept, in order.</summary>
    public IReadOnlyList<KeptPart> Parts { get; init; } = [];

    /// <summary>Whether the last of them is there.</summary>
    public bool IsSpoken { get; init; }

    /// <summary>Parts that there will be, as far as is known before; null where it is not.</summary>
    public int? PartsPlanned { get; init; }

    /// <summary>0 to 1; may be ahead of the parts.</summary>
    public double ShareOfText { get; init; }

    /// <summary>At the answer's tempo; may be ahead of the parts.</summary>
    public double SecondsSpoken { get; init; }

    public double FirstAudioSeconds { get; init; }

    /// <summary>Time in which the parts were made.</summary>
    public double GenerationSeconds { get; init; }

    public int? TextTokens { get; init; }

    /// <summary>What the engine had to say of the parts.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>How often it was begun since the last part was kept: one that ends every worker is given up.</summary>
    public int Tries { get; init; }

    /// <summary>Of the file, once it is done.</summary>
    public JobMetadata? Metadata { get; init; }

    /// <summary>Why it failed.</summary>
    public ErrorDetails? Error { get; init; }

    public bool IsOver => Status is JobStatus.Done or JobStatus.Failed or JobStatus.Cancelled;
}

/// <summary>Sound that is kept.</summary>
/// <param name="Bytes">Of its file.</param>
/// <param name="Sha256">Of its file, in lower hex.</param>
/// <param name="Next">Where the speech goes on after it; null after the last.</param>
internal sealed record KeptPart(long Bytes, string Sha256, SpeechPosition? Next);

/// <summary>What clients are told.</summary>
internal enum JobStatus
{
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// <summary>A file of a job is not what this program wrote.</summary>
/// <param name="what">The rest of a sentence: "its state is no JSON".</param>
internal sealed class DamagedJobException(string what) : Exception(what);
