using Microsoft.Extensions.Logging;

namespace RunPod.Worker.Emulator.Jobs;

/// <summary>
/// The platform: one queue, the jobs from it, and the workers that take them. Nothing here knows HTTP. Thread-safe; what
/// clients may do is in <c>.Clients</c>, what workers may do in <c>.Workers</c>, and how jobs end in <c>.Endings</c>.
/// </summary>
internal sealed partial class ControlPlane : IDisposable
{
    private readonly RunPodEmulatorOptions _options;
    private readonly ILogger _logger;
    private readonly Action<Uri, JobSnapshot> _sendWebhook;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EmulatedJob> _jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WorkerRecord> _workers = new(StringComparer.Ordinal);
    private readonly LinkedList<EmulatedJob> _queue = [];
    private readonly Bell _queued = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _sweep;
    private long _completed;
    private long _failed;
    private long _retried;

    /// <param name="options">How the platform behaves.</param>
    /// <param name="logger">One line for each job, and for whatever goes wrong.</param>
    /// <param name="sendWebhook">Tells a client of its job's end. Called under a lock: it must return at once.</param>
    public ControlPlane(RunPodEmulatorOptions options, ILogger logger, Action<Uri, JobSnapshot> sendWebhook)
    {
        (_options, _logger, _sendWebhook) = (options, logger, sendWebhook);
        _time = options.TimeProvider;
        var often = Min(options.JobLostAfter, SilenceAfterHangUp) / 4;
        _sweep = _time.CreateTimer(_ => Sweep(), state: null, often, often);
    }

    /// <summary>A worker whose connections broke is given the time of three heartbeats to show that it lives.</summary>
    private TimeSpan SilenceAfterHangUp => _options.HeartbeatInterval * 3;

    /// <summary>Answers all held requests with what there is.</summary>
    public void Close() => _closing.Cancel();

    /// <summary>Ends all timers, and logs the jobs that nobody will answer any more.</summary>
    public void Dispose()
    {
        _sweep.Dispose();
        lock (_gate)
        {
            foreach (var job in _jobs.Values)
            {
                job.LifeTimer?.Dispose();
                job.ExecutionTimer?.Dispose();
                if (!job.State.IsFinal())
                {
                    Log.Dropped(_logger, job.Id, job.State.Name());
                }
            }

            _jobs.Clear();
            _workers.Clear();
        }

        _closing.Dispose();
    }

    /// <summary>
    /// Looks again whenever the bell rings, until there is an answer, the time is over or the emulator closes; then gives
    /// what it saw last.
    /// </summary>
    /// <param name="look">Called under the lock. Gives the bell to wait for, or null when the answer is there.</param>
    /// <param name="hold">The longest wait.</param>
    /// <param name="aborted">Cancelled when nobody waits any more.</param>
    /// <exception cref="OperationCanceledException">Nobody waits any more.</exception>
    private async Task PollAsync(Func<Bell?> look, TimeSpan hold, CancellationToken aborted)
    {
        var started = _time.GetTimestamp();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, _closing.Token);
        while (true)
        {
            // Also before the first look: what is taken for somebody who has left would be lost.
            aborted.ThrowIfCancellationRequested();
            Task rung;
            lock (_gate)
            {
                if (look() is not { } bell)
                {
                    return;
                }

                rung = bell.Next;
            }

            var left = hold - _time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || _closing.IsCancellationRequested)
            {
                return;
            }

            await rung.WaitAsync(left, _time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private JobSnapshot Snapshot(EmulatedJob job) =>
        new(
            job.Id,
            job.State,
            job.StartedAt == 0 ? null : _time.GetElapsedTime(job.SubmittedAt, job.StartedAt),
            job.StartedAt == 0 || job.FinishedAt == 0 ? null : _time.GetElapsedTime(job.StartedAt, job.FinishedAt),
            job.WorkerId,
            job.Retries,
            job.Output,
            job.Error
        );

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
