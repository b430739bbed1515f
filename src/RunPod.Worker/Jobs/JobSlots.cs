namespace RunPod.Worker.Jobs;

/// <summary>
/// The jobs of this worker, in memory only: those that run, one to a slot, and those that came beyond what was asked for
/// and wait. A slot is free again when its handler has returned, never before. Thread-safe.
/// </summary>
/// <param name="concurrency">Slots, 1 or more.</param>
/// <param name="run">Runs a job to its answer; must not throw.</param>
internal sealed class JobSlots(int concurrency, Func<RunningJob, Task> run)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, RunningJob> _unanswered = new(StringComparer.Ordinal);
    private readonly LinkedList<RunningJob> _waiting = [];
    private int _running;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Accepts a job and starts it when a slot is free; false if one of this id is not answered yet.</summary>
    public bool TryAdd(TakenJob taken)
    {
        lock (_gate)
        {
            var job = new RunningJob(taken);
            if (!_unanswered.TryAdd(taken.Id, job))
            {
                return false;
            }

            _waiting.AddLast(job);
        }

        StartWaiting(concurrency);
        return true;
    }

    /// <summary>Ids of jobs that were taken and neither answered nor stopped.</summary>
    public string[] UnansweredIds()
    {
        lock (_gate)
        {
            return [.. _unanswered.Keys];
        }
    }

    /// <summary>Waits for a free slot, and says how many there are.</summary>
    public async Task<int> WaitForFreeAsync(CancellationToken cancellationToken)
    {
        await WaitUntilAsync(() => Free > 0, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            return Math.Max(1, Free);
        }
    }

    /// <summary>Waits until no job runs or waits.</summary>
    public Task WaitUntilEmptyAsync(CancellationToken cancellationToken) =>
        WaitUntilAsync(() => _running == 0 && _waiting.Count == 0, cancellationToken);

    /// <summary>Waits until every job is answered, though handlers may still be running.</summary>
    public Task WaitUntilAnsweredAsync(CancellationToken cancellationToken) =>
        WaitUntilAsync(() => _unanswered.Count == 0, cancellationToken);

    /// <summary>The job has its answer; its handler may still run.</summary>
    public void Answered(RunningJob job)
    {
        lock (_gate)
        {
            Forget(job);
            Signal();
        }
    }

    /// <summary>The client gave the job up. Null if it is not known here, or answered.</summary>
    public RunningJob? Stop(string jobId)
    {
        RunningJob? job;
        lock (_gate)
        {
            if (!_unanswered.Remove(jobId, out job))
            {
                return null;
            }

            _waiting.Remove(job);
            Signal();
        }

        job.Stop();
        return job;
    }

    /// <summary>
    /// The worker cannot wait any longer. Jobs without a slot start too: with their token cancelled they only answer.
    /// </summary>
    public void CancelAll()
    {
        RunningJob[] jobs;
        lock (_gate)
        {
            jobs = [.. _unanswered.Values];
        }

        foreach (var job in jobs)
        {
            job.Cancellation.Cancel(JobCancellationReason.WorkerStopping);
        }

        StartWaiting(int.MaxValue);
    }

    private int Free => concurrency - _running - _waiting.Count;

    private void StartWaiting(int limit)
    {
        while (true)
        {
            RunningJob job;
            lock (_gate)
            {
                if (_running >= limit || _waiting.First is not { } first)
                {
                    return;
                }

                job = first.Value;
                _waiting.RemoveFirst();
                _running++;
            }

            _ = Task.Run(() => OccupySlotAsync(job));
        }
    }

    private async Task OccupySlotAsync(RunningJob job)
    {
        try
        {
            await run(job).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _running--;
                Forget(job);
                Signal();
            }

            StartWaiting(concurrency);
            await job.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A stopped job may have been handed out anew under the same id: that one stays.</summary>
    private void Forget(RunningJob job)
    {
        if (_unanswered.TryGetValue(job.Id, out var known) && known == job)
        {
            _unanswered.Remove(job.Id);
        }
    }

    private async Task WaitUntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (condition())
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Signal()
    {
        _changed.SetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
