namespace RunPod.Worker.Jobs;

/// <summary>A job from the moment it was taken until it is answered.</summary>
internal sealed class RunningJob(TakenJob job) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopped = new();

    public TakenJob Job => job;

    public string Id => job.Id;

    /// <summary>Cancels the handler.</summary>
    public JobCancellation Cancellation { get; } = new();

    /// <summary>Whether nobody waits for its handler any more; changed under the lock of the slots.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Cancelled when the client gave the job up: from then on nothing may be posted for it.</summary>
    public CancellationToken Stopped => _stopped.Token;

    /// <summary>The client gave the job up.</summary>
    public void Stop()
    {
        Cancellation.Cancel(JobCancellationReason.StoppedByClient);
        _stopped.Cancel();
    }

    // The other source is left to the collector: it has no timer, and a late stop signal may still want it.
    public ValueTask DisposeAsync() => Cancellation.DisposeAsync();
}
