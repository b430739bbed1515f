namespace RunPod.Worker.Emulator.Jobs;

/// <summary>What workers may do.</summary>
internal sealed partial class ControlPlane
{
    /// <summary>Hands out jobs, in the order of the queue, as soon as there is one; none when the time is over.</summary>
    /// <param name="workerId">Who asks.</param>
    /// <param name="wanted">The most jobs to hand out, 1 or more.</param>
    /// <param name="aborted">Cancelled when the worker hangs up.</param>
    public async Task<IReadOnlyList<EmulatedJob>> TakeAsync(string workerId, int wanted, CancellationToken aborted)
    {
        var taken = new List<EmulatedJob>();
        await HoldAsync(
                workerId,
                worker =>
                {
                    while (taken.Count < wanted && _queue.First is { Value: var job })
                    {
                        _queue.RemoveFirst();
                        Assign(job, worker);
                        taken.Add(job);
                    }

                    return taken.Count > 0 ? null : _queued;
                },
                aborted
            )
            .ConfigureAwait(false);
        return taken;
    }

    /// <summary>The ids of jobs that a worker should stop, as soon as there is one; none when the time is over.</summary>
    public async Task<IReadOnlyList<string>> ReadStopSignalsAsync(string workerId, CancellationToken aborted)
    {
        string[] signals = [];
        await HoldAsync(
                workerId,
                worker =>
                {
                    if (worker.StopSignals.Count == 0)
                    {
                        return worker.Signalled;
                    }

                    signals = [.. worker.StopSignals];
                    worker.StopSignals.Clear();
                    return null;
                },
                aborted
            )
            .ConfigureAwait(false);
        return signals;
    }

    /// <summary>Hears a heartbeat.</summary>
    /// <param name="workerId">Whose it is.</param>
    /// <param name="jobIds">The jobs that the worker says it has.</param>
    /// <param name="complaint">The fitness check that failed, and why; null from a healthy worker.</param>
    public void Ping(string workerId, IEnumerable<string> jobIds, string? complaint)
    {
        lock (_gate)
        {
            var worker = Hear(workerId);
            worker.HasHeartbeat = true;
            worker.IsUnhealthy = complaint is not null;
            if (complaint is not null)
            {
                Log.Unhealthy(_logger, workerId, complaint);
            }

            foreach (var id in jobIds)
            {
                if (!_jobs.TryGetValue(id, out var job))
                {
                    SignalStop(worker, id);
                }
                else if (worker.Jobs.Contains(job))
                {
                    job.HeardAt = worker.HeardAt;
                }
                else if (job.State is not (JobState.Completed or JobState.Failed))
                {
                    // The signal was lost. A job that was just answered may still be named, and is left alone.
                    SignalStop(worker, id);
                }
            }
        }
    }

    /// <summary>The largest result that a job may have, in bytes; null where there is no job of this id.</summary>
    public int? LargestResult(string jobId)
    {
        lock (_gate)
        {
            return _jobs.TryGetValue(jobId, out var job) ? Limits.Body(job.IsSync) : null;
        }
    }

    /// <summary>
    /// Takes a result or progress. The first result counts, whoever sends it and however late; whatever comes for a job
    /// that has ended changes nothing. False where there is no job of this id.
    /// </summary>
    public bool Accept(string workerId, string jobId, WorkerPost post)
    {
        lock (_gate)
        {
            Hear(workerId);
            if (!_jobs.TryGetValue(jobId, out var job))
            {
                return false;
            }

            if (job.State.IsFinal())
            {
                Log.Ignored(_logger, jobId, workerId, job.State.Name());
            }
            else if (!post.IsProgress)
            {
                Finish(job, workerId, post);
            }
            else if (job.WorkerId == workerId)
            {
                job.HeardAt = _time.GetTimestamp();
                job.Output = post.Output;
                job.Changed.Ring();
            }

            return true;
        }
    }

    /// <summary>Takes a piece of a stream. False where there is no job of this id.</summary>
    public bool AcceptPiece(string workerId, string jobId, byte[] piece)
    {
        lock (_gate)
        {
            Hear(workerId);
            if (!_jobs.TryGetValue(jobId, out var job))
            {
                return false;
            }

            // A worker that lost the job to another one would repeat what that one sends.
            if (job.State == JobState.InProgress && job.WorkerId == workerId)
            {
                job.HeardAt = _time.GetTimestamp();
                job.Pieces.Enqueue(piece);
                job.Changed.Ring();
            }

            return true;
        }
    }

    private void Finish(EmulatedJob job, string workerId, WorkerPost post)
    {
        if (job.WorkerId != workerId)
        {
            // It was taken from this worker as lost. Whoever has it now can stop.
            Log.Late(_logger, job.Id, workerId);
            SignalStop(job);
            Release(job);
            job.WorkerId = workerId;
        }

        if (post.StopsPod)
        {
            Log.StopsPod(_logger, workerId);
        }

        job.Output = post.Output;
        job.Error = post.Error;
        End(job, post.Error is null ? JobState.Completed : JobState.Failed);
    }

    /// <summary>Holds a worker's request, and knows the worker by it.</summary>
    private async Task HoldAsync(string workerId, Func<WorkerRecord, Bell?> look, CancellationToken aborted)
    {
        WorkerRecord worker;
        lock (_gate)
        {
            worker = Hear(workerId);
            worker.OpenPolls++; // and so it is not forgotten
        }

        try
        {
            await PollAsync(() => look(worker), _options.PollHold, aborted).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                worker.OpenPolls--;
                if (aborted.IsCancellationRequested)
                {
                    worker.HungUpAt = _time.GetTimestamp();
                }
            }
        }
    }

    private void Assign(EmulatedJob job, WorkerRecord worker)
    {
        job.State = JobState.InProgress;
        job.WorkerId = worker.Id;
        job.StartedAt = job.HeardAt = _time.GetTimestamp();
        worker.Jobs.Add(job);
        // It may have had the job before, and was told to stop it then.
        worker.StopSignals.RemoveAll(id => id == job.Id);
        var attempt = job.StartedAt;
        job.ExecutionTimer = _time.CreateTimer(
            _ => TimeOut(job, attempt),
            state: null,
            job.Request.ExecutionTimeout ?? _options.ExecutionTimeout,
            Timeout.InfiniteTimeSpan
        );
        job.Changed.Ring();
    }

    private WorkerRecord Hear(string workerId)
    {
        if (!_workers.TryGetValue(workerId, out var worker))
        {
            worker = _workers[workerId] = new WorkerRecord(workerId);
            Log.WorkerCame(_logger, workerId);
        }

        worker.HeardAt = _time.GetTimestamp();
        worker.HungUpAt = null;
        return worker;
    }

    private void SignalStop(EmulatedJob job)
    {
        if (
            job.State == JobState.InProgress
            && job.WorkerId is { } workerId
            && _workers.TryGetValue(workerId, out var worker)
        )
        {
            SignalStop(worker, job.Id);
        }
    }

    private static void SignalStop(WorkerRecord worker, string jobId)
    {
        if (!worker.StopSignals.Contains(jobId, StringComparer.Ordinal))
        {
            worker.StopSignals.Add(jobId);
            worker.Signalled.Ring();
        }
    }
}
