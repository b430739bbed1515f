namespace RunPod.Worker.Emulator.Jobs;

/// <summary>A job as the platform knows it. Guarded by the lock of the <see cref="ControlPlane"/>.</summary>
/// <param name="id">A UUID with a suffix, as RunPod's are.</param>
/// <param name="isSync">Whether it came by <c>/runsync</c>: such jobs may be larger, and are forgotten sooner.</param>
/// <param name="request">What the client sent.</param>
internal sealed class EmulatedJob(string id, bool isSync, JobRequest request)
{
    public string Id => id;

    public bool IsSync => isSync;

    public JobRequest Request => request;

    public JobState State { get; set; }

    /// <summary>Rings whenever clients could see a difference.</summary>
    public Bell Changed { get; } = new();

    /// <summary>When it was sent, or sent again by <c>/retry</c>.</summary>
    public long SubmittedAt { get; set; }

    /// <summary>When a worker took it last.</summary>
    public long StartedAt { get; set; }

    public long FinishedAt { get; set; }

    /// <summary>When its worker was last known to have it.</summary>
    public long HeardAt { get; set; }

    /// <summary>The worker that has it, or had it last.</summary>
    public string? WorkerId { get; set; }

    /// <summary>How often it was handed out again after a worker lost it.</summary>
    public int Retries { get; set; }

    /// <summary>The result, or the progress while it runs.</summary>
    public byte[]? Output { get; set; }

    public byte[]? Error { get; set; }

    /// <summary>The stream as far as no client has read it.</summary>
    public Queue<byte[]> Pieces { get; } = new();

    /// <summary>How long its result is kept.</summary>
    public TimeSpan Retention { get; init; }

    /// <summary>Ends its life: by the ttl while it is open, by the retention afterwards.</summary>
    public ITimer? LifeTimer { get; set; }

    /// <summary>Ends its execution.</summary>
    public ITimer? ExecutionTimer { get; set; }

    /// <summary>Back to what it was when it came, but for its place in time.</summary>
    public void Reset()
    {
        State = JobState.InQueue;
        WorkerId = null;
        Output = null;
        Error = null;
        Pieces.Clear();
        StartedAt = FinishedAt = 0;
    }
}
