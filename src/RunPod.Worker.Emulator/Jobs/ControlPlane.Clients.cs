namespace RunPod.Worker.Emulator.Jobs;

/// <summary>What clients may do.</summary>
internal sealed partial class ControlPlane
{
    /// <summary>Puts a job into the queue.</summary>
    /// <param name="request">The job.</param>
    /// <param name="isSync">Whether it came by <c>/runsync</c>.</param>
    /// <param name="wait">How long its client waits for it; its result is kept as long.</param>
    public JobSnapshot Submit(JobRequest request, bool isSync, TimeSpan wait)
    {
        // As on RunPod, with the suffix of a region.
        var id = $"{(isSync ? "sync-" : "")}{Guid.NewGuid()}-u1";
        var job = new EmulatedJob(id, isSync, request)
        {
            Retention =
                !isSync ? _options.ResultRetention
                : wait > _options.SyncResultRetention ? wait
                : _options.SyncResultRetention,
        };
        lock (_gate)
        {
            _jobs.Add(id, job);
            Begin(job);
            return Snapshot(job);
        }
    }

    /// <summary>A job as it is; null where there is none of this id.</summary>
    public JobSnapshot? Find(string id)
    {
        lock (_gate)
        {
            return _jobs.TryGetValue(id, out var job) ? Snapshot(job) : null;
        }
    }

    /// <summary>Changes what is left of a job's life; null where there is none of this id.</summary>
    public JobSnapshot? Find(string id, TimeSpan timeToLive)
    {
        lock (_gate)
        {
            if (!_jobs.TryGetValue(id, out var job))
            {
                return null;
            }

            SetLife(job, timeToLive);
            return Snapshot(job);
        }
    }

    /// <summary>Waits for a job's end, and gives the job as it then is; null where there is none of this id.</summary>
    public async Task<JobSnapshot?> WaitForEndAsync(string id, TimeSpan wait, CancellationToken aborted)
    {
        JobSnapshot? seen = null;
        await PollAsync(
                () =>
                {
                    seen = _jobs.TryGetValue(id, out var job) ? Snapshot(job) : null;
                    return job is null || job.State.IsFinal() ? null : job.Changed;
                },
                wait,
                aborted
            )
            .ConfigureAwait(false);
        return seen;
    }

    /// <summary>
    /// Hands out the pieces of a stream that nobody has yet, once there are any or the job has ended; null where there is
    /// no job of this id.
    /// </summary>
    public async Task<(JobSnapshot Job, IReadOnlyList<byte[]> Pieces)?> ReadStreamAsync(
        string id,
        TimeSpan hold,
        CancellationToken aborted
    )
    {
        JobSnapshot? seen = null;
        byte[][] pieces = [];
        await PollAsync(
                () =>
                {
                    seen = _jobs.TryGetValue(id, out var job) ? Snapshot(job) : null;
                    if (job is null || (job.Pieces.Count == 0 && !job.State.IsFinal()))
                    {
                        return job?.Changed;
                    }

                    pieces = [.. job.Pieces];
                    job.Pieces.Clear();
                    return null;
                },
                hold,
                aborted
            )
            .ConfigureAwait(false);
        return seen is null ? null : (seen, pieces);
    }

    /// <summary>Takes a job from the queue, or tells its worker to stop it. One that has ended stays as it is.</summary>
    public JobSnapshot? Cancel(string id)
    {
        lock (_gate)
        {
            if (!_jobs.TryGetValue(id, out var job))
            {
                return null;
            }

            if (!job.State.IsFinal())
            {
                SignalStop(job);
                End(job, JobState.Cancelled);
            }

            return Snapshot(job);
        }
    }

    /// <summary>Puts a job that failed or timed out into the queue again; its state says if it was neither.</summary>
    public (JobSnapshot? Job, bool IsRetried) Retry(string id)
    {
        lock (_gate)
        {
            if (!_jobs.TryGetValue(id, out var job))
            {
                return (null, false);
            }

            if (job.State is not (JobState.Failed or JobState.TimedOut))
            {
                return (Snapshot(job), false);
            }

            job.Reset();
            job.Retries = 0;
            _retried++;
            Begin(job);
            return (Snapshot(job), true);
        }
    }

    /// <summary>Cancels all jobs that no worker has taken; says how many.</summary>
    public int PurgeQueue()
    {
        lock (_gate)
        {
            EmulatedJob[] purged = [.. _queue];
            foreach (var job in purged)
            {
                End(job, JobState.Cancelled);
            }

            return purged.Length;
        }
    }

    /// <summary>The document of <c>/health</c>.</summary>
    public ReadOnlyMemory<byte> Health()
    {
        lock (_gate)
        {
            var running = _workers.Values.Count(worker => worker.Jobs.Count > 0);
            var unhealthy = _workers.Values.Count(worker => worker.Jobs.Count == 0 && worker.IsUnhealthy);
            var idle = _workers.Count - running - unhealthy;
            return JobSnapshot.WriteJson(writer =>
            {
                writer.WriteStartObject("jobs");
                writer.WriteNumber("completed", _completed);
                writer.WriteNumber("failed", _failed);
                writer.WriteNumber("inProgress", _workers.Values.Sum(worker => worker.Jobs.Count));
                writer.WriteNumber("inQueue", _queue.Count);
                writer.WriteNumber("retried", _retried);
                writer.WriteEndObject();
                writer.WriteStartObject("workers");
                writer.WriteNumber("idle", idle);
                writer.WriteNumber("initializing", 0);
                writer.WriteNumber("ready", idle);
                writer.WriteNumber("running", running);
                writer.WriteNumber("throttled", 0);
                writer.WriteNumber("unhealthy", unhealthy);
                writer.WriteEndObject();
            });
        }
    }

    /// <summary>The job's life starts, or starts anew.</summary>
    private void Begin(EmulatedJob job)
    {
        job.SubmittedAt = _time.GetTimestamp();
        SetLife(job, job.Request.TimeToLive ?? _options.TimeToLive);
        _queue.AddLast(job);
        _queued.Ring();
        job.Changed.Ring();
    }
}
