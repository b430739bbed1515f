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
    private int _concurrency = concurrency;
    private int _running;
    private int _abandoned;
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

        StartWaiting(_concurrency);
        return true;
    }

    /// <summary>How many jobs run at once. Running jobs go on when it shrinks.</summary>
    public int Concurrency
    {
        get => _concurrency;
        set
        {
            lock (_gate)
            {
                _concurrency = value;
                Signal();
            }

            StartWaiting(value);
        }
    }

    /// <summary>Whether there are jobs that were taken and neither answered nor stopped.</summary>
    public bool HasUnanswered
    {
        get
        {
            lock (_gate)
            {
                return _unanswered.Count > 0;
            }
        }
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

    /// <summary>
    /// Waits until no job runs or waits, but for abandoned ones, and those that wait for slots which all of them hold.
    /// </summary>
    public Task WaitUntilIdleAsync(CancellationToken cancellationToken) =>
        WaitUntilAsync(
            () => _running == _abandoned && (_waiting.Count == 0 || _abandoned >= _concurrency),
            cancellationToken
        );

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

    /// <summary>Nobody waits for the job's handler any more; it keeps its slot.</summary>
    public void Abandon(RunningJob job)
    {
        lock (_gate)
        {
            job.IsAbandoned = true;
            _abandoned++;
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

    private int Free => _concurrency - _running - _waiting.Count;

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
                _abandoned -= job.IsAbandoned ? 1 : 0;
                Forget(job);
                Signal();
            }

            StartWaiting(_concurrency);
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
