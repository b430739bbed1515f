using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace RunPod.Worker.Emulator.Jobs;

/// <summary>How jobs end, get lost and are forgotten. All under the lock, but for what timers call.</summary>
internal sealed partial class ControlPlane
{
    private void End(EmulatedJob job, JobState state)
    {
        if (job.State == JobState.InQueue)
        {
            _queue.Remove(job);
        }
        else
        {
            Release(job);
            job.FinishedAt = _time.GetTimestamp();
        }

        job.State = state;
        (_completed, _failed) = (
            _completed + (state == JobState.Completed ? 1 : 0),
            // As a client sees it: no result.
            _failed + (state is JobState.Failed or JobState.TimedOut ? 1 : 0)
        );
        SetLife(job, job.Retention);
        job.Changed.Ring();
        var snapshot = Snapshot(job);
        Log.Ended(
            _logger,
            job.Id,
            state.Name(),
            job.WorkerId ?? "nobody",
            snapshot.DelayTime?.TotalMilliseconds ?? 0,
            snapshot.ExecutionTime?.TotalMilliseconds ?? 0
        );
        if (job.Request.Webhook is { } webhook)
        {
            _sendWebhook(webhook, snapshot);
        }
    }

    private void TimeOut(EmulatedJob job, long attempt)
    {
        lock (_gate)
        {
            if (job.State != JobState.InProgress || job.StartedAt != attempt || !_jobs.ContainsKey(job.Id))
            {
                return;
            }

            var limit = job.Request.ExecutionTimeout ?? _options.ExecutionTimeout;
            SignalStop(job);
            job.Output = null;
            job.Error = Quote(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"job took longer than its executionTimeout of {limit.TotalMilliseconds:0} ms"
                )
            );
            End(job, JobState.TimedOut);
        }
    }

    /// <summary>Nobody works on the job any more: it goes to another worker, or fails.</summary>
    private void Lose(EmulatedJob job, string reason)
    {
        Log.Lost(_logger, job.Id, job.WorkerId, reason);
        // If that worker lives after all, it should not go on beside the next one.
        SignalStop(job);
        if (job.Retries < _options.MaxRetries)
        {
            Release(job);
            job.Retries++;
            _retried++;
            PutFirst(job);
            return;
        }

        job.Output = null;
        // RunPod's own words.
        job.Error = Quote(string.Create(CultureInfo.InvariantCulture, $"job timed out after {job.Retries} retries"));
        End(job, JobState.Failed);
    }

    /// <summary>Back to the front of the queue. What its last worker streamed or told is void.</summary>
    private void PutFirst(EmulatedJob job)
    {
        job.Reset();
        _queue.AddFirst(job);
        _queued.Ring();
        job.Changed.Ring();
    }

    private void Release(EmulatedJob job)
    {
        job.ExecutionTimer?.Dispose();
        job.ExecutionTimer = null;
        if (job.WorkerId is { } workerId && _workers.TryGetValue(workerId, out var worker))
        {
            worker.Jobs.Remove(job);
        }
    }

    /// <summary>The job is forgotten after this time, whatever it is doing then.</summary>
    private void SetLife(EmulatedJob job, TimeSpan life)
    {
        job.LifeTimer?.Dispose();
        ITimer? timer = null;
        // Armed once it is in its place, which is how a late tick of an earlier one is told from it.
        timer = _time.CreateTimer(
            _ => Forget(job, timer),
            state: null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        job.LifeTimer = timer;
        timer.Change(life, Timeout.InfiniteTimeSpan);
    }

    private void Forget(EmulatedJob job, ITimer? timer)
    {
        lock (_gate)
        {
            if (job.LifeTimer != timer || !_jobs.Remove(job.Id))
            {
                return;
            }

            if (!job.State.IsFinal())
            {
                Log.Expired(_logger, job.Id, job.State.Name());
                SignalStop(job);
                _queue.Remove(job);
                Release(job);
            }

            timer?.Dispose();
            job.Changed.Ring();
        }
    }

    /// <summary>Looks for jobs and workers that were not heard of for too long.</summary>
    private void Sweep()
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            foreach (var worker in _workers.Values.ToArray())
            {
                var isDead = worker.HungUpAt is { } since && IsOver(since, SilenceAfterHangUp);
                // Without a heartbeat there is nothing that a job could be missing from.
                foreach (var job in worker.HasHeartbeat ? worker.Jobs.ToArray() : [])
                {
                    if (isDead)
                    {
                        Lose(job, "its connections broke, and its heartbeat ended");
                    }
                    else if (IsOver(job.HeardAt, _options.JobLostAfter))
                    {
                        Lose(job, $"no heartbeat has named the job for {_options.JobLostAfter.TotalSeconds} s");
                    }
                }

                if (
                    worker is { OpenPolls: 0, Jobs.Count: 0 }
                    && (isDead || IsOver(worker.HeardAt, _options.JobLostAfter))
                )
                {
                    _workers.Remove(worker.Id);
                    Log.WorkerWent(_logger, worker.Id);
                }
            }

            bool IsOver(long since, TimeSpan limit) => _time.GetElapsedTime(since, now) > limit;
        }
    }

    private static byte[] Quote(string text) => Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(text)}\"");

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Information,
            "Job {JobId} {State}, worker {WorkerId}, {DelayMs:0} ms in the queue, {ExecutionMs:0} ms of work."
        )]
        public static partial void Ended(
            ILogger logger,
            string jobId,
            string state,
            string workerId,
            double delayMs,
            double executionMs
        );

        [LoggerMessage(2, LogLevel.Warning, "Job {JobId} was lost by worker {WorkerId}: {Reason}.")]
        public static partial void Lost(ILogger logger, string jobId, string? workerId, string reason);

        [LoggerMessage(3, LogLevel.Warning, "Job {JobId} was deleted while it was {State}: its ttl is over.")]
        public static partial void Expired(ILogger logger, string jobId, string state);

        [LoggerMessage(4, LogLevel.Warning, "Job {JobId} was dropped while it was {State}: the emulator ends.")]
        public static partial void Dropped(ILogger logger, string jobId, string state);

        [LoggerMessage(5, LogLevel.Debug, "Job {JobId}: a post of worker {WorkerId} changes nothing, it is {State}.")]
        public static partial void Ignored(ILogger logger, string jobId, string workerId, string state);

        [LoggerMessage(6, LogLevel.Warning, "Job {JobId} was lost by worker {WorkerId}, which has now answered it.")]
        public static partial void Late(ILogger logger, string jobId, string workerId);

        [LoggerMessage(
            7,
            LogLevel.Information,
            "Worker {WorkerId} asks for a new container, which RunPod would give it."
        )]
        public static partial void StopsPod(ILogger logger, string workerId);

        [LoggerMessage(8, LogLevel.Error, "Worker {WorkerId} is unhealthy: {Complaint}.")]
        public static partial void Unhealthy(ILogger logger, string workerId, string complaint);

        [LoggerMessage(9, LogLevel.Debug, "Worker {WorkerId} has come.")]
        public static partial void WorkerCame(ILogger logger, string workerId);

        [LoggerMessage(10, LogLevel.Debug, "Worker {WorkerId} has gone.")]
        public static partial void WorkerWent(ILogger logger, string workerId);
    }
}
