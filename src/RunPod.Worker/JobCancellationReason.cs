namespace RunPod.Worker;

/// <summary>Why the token of a job was cancelled.</summary>
public enum JobCancellationReason
{
    /// <summary>It was not.</summary>
    None = 0,

    /// <summary>The client or the platform gave the job up. Whatever the handler returns is thrown away.</summary>
    StoppedByClient = 1,

    /// <summary>The worker is stopping and the drain deadline has passed. The job fails unless it returns at once.</summary>
    WorkerStopping = 2,

    /// <summary>The job took longer than <see cref="RunPodWorkerOptions.JobTimeout"/>. It fails.</summary>
    TimedOut = 3,
}
