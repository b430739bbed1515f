using Microsoft.Extensions.Logging;
using RunPod.Worker.Health;
using RunPod.Worker.Health.Fitness;
using RunPod.Worker.Jobs;
using RunPod.Worker.Protocol;
using RunPod.Worker.Results;

namespace RunPod.Worker;

/// <summary>A worker on a queue from its start to its end: the loops, and how they come to a good end together.</summary>
internal sealed partial class WorkerSession : IJobEvents, IDisposable
{
    /// <summary>For the answers to jobs that were cut off by the drain deadline.</summary>
    private static readonly TimeSpan LastPosts = TimeSpan.FromSeconds(10);

    private readonly RunPodWorkerOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopping;
    private readonly CancellationToken _forced;
    private readonly string _workerId;
    private readonly RunPodHttp _http;
    private readonly RunPodUrls _urls;
    private readonly JobSlots _slots;
    private readonly TakeLoop _takeLoop;
    private readonly StopLoop _stopLoop;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _refresh = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="handler">Does one job.</param>
    /// <param name="options">The platform and the limits.</param>
    /// <param name="stopping">Cancelled when the worker shall stop.</param>
    /// <param name="forced">Cancelled when the process ends at once.</param>
    public WorkerSession(
        JobHandler handler,
        RunPodWorkerOptions options,
        CancellationToken stopping,
        CancellationToken forced
    )
    {
        _options = options;
        _logger = options.LoggerFactory!.CreateLogger(typeof(RunPodWorker));
        _stopping = stopping;
        _forced = forced;
        _workerId = options.WorkerId ?? Guid.NewGuid().ToString();
        _http = new RunPodHttp(options);
        _urls = new RunPodUrls(options, _workerId);
        var poster = new ResultPoster(_http, options, _logger);
        var runner = new JobRunner(handler, options, _http, _urls, poster, _logger, stopping, _ending.Token);
        _slots = new JobSlots(options.Concurrency, job => runner.RunAsync(job, this));
        _takeLoop = new TakeLoop(_http, _urls, _slots, options, _logger);
        _stopLoop = new StopLoop(_http, _urls, _slots, options.TimeProvider, _logger);
    }

    /// <summary>How much longer than the drain deadline the end may take.</summary>
    public static TimeSpan AfterDrain(RunPodWorkerOptions options) => options.CancellationGrace + (LastPosts * 2);

    public void Dispose()
    {
        _http.Dispose();
        _ending.Dispose();
    }

    void IJobEvents.RefreshRequested(RunningJob job) => _refresh.TrySetResult();

    void IJobEvents.Answered(RunningJob job) => _slots.Answered(job);

    void IJobEvents.Abandoned(RunningJob job) => _slots.Abandon(job);

    void IJobEvents.Stuck(RunningJob job) => _stuck.TrySetResult();

    /// <summary>Serves until told to stop; gives the exit code.</summary>
    public async Task<int> RunAsync()
    {
        Log.Starting(_logger, ClientIdentity.Version, _workerId, _options.Concurrency);
        foreach (var warning in _options.Warnings)
        {
            Log.OptionIgnored(_logger, warning);
        }

        if (!await new FitnessGate(_options, _urls, _logger).IsFitAsync(_stopping).ConfigureAwait(false))
        {
            return 1;
        }

        await using var lastWords = _forced.Register(LogGivenUp).ConfigureAwait(false);
        var beating = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var heartbeat = Heartbeat.Start(_options, _urls, _slots, beating, _logger);
        using var noMoreTakes = CancellationTokenSource.CreateLinkedTokenSource(_stopping);
        var taking = _takeLoop.RunAsync(noMoreTakes.Token);
        var listening = _stopLoop.RunAsync(_ending.Token);

        // Whichever ends first ends the worker: a part that has died must not leave a zombie that looks alive.
        await Task.WhenAny(taking, listening, beating.Task, _refresh.Task, _stuck.Task).ConfigureAwait(false);
        await noMoreTakes.CancelAsync().ConfigureAwait(false);
        await ((Task)taking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var died = 0;
        died += HasDied(taking, "the take loop") ? 1 : 0;
        died += HasDied(listening, "the stop channel") ? 1 : 0;
        died += HasDied(beating.Task, "the heartbeat") ? 1 : 0;
        var isWelcome = taking.IsCompletedSuccessfully && await taking.ConfigureAwait(false);
        if (_refresh.Task.IsCompleted)
        {
            Log.Refreshing(_logger);
        }

        var isDrained = await DrainAsync().ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Log.Ended(_logger);
        return died == 0 && isWelcome && isDrained && !_stuck.Task.IsCompleted ? 0 : 1;
    }

    /// <summary>Lets running jobs finish for as long as there is time; says whether every job has its answer.</summary>
    private async Task<bool> DrainAsync()
    {
        var left = _slots.UnansweredIds().Length;
        if (left > 0)
        {
            Log.Draining(_logger, left, _options.DrainTimeout);
        }

        var isIdle = await EndsWithinAsync(_slots.WaitUntilIdleAsync, _options.DrainTimeout).ConfigureAwait(false);
        if (isIdle && !_slots.HasUnanswered)
        {
            return true;
        }

        Log.DrainTimedOut(_logger, _slots.UnansweredIds().Length);
        _slots.CancelAll();
        // Handlers that go on regardless are left behind; their jobs are answered.
        if (
            await EndsWithinAsync(_slots.WaitUntilAnsweredAsync, _options.CancellationGrace + LastPosts)
                .ConfigureAwait(false)
        )
        {
            return true;
        }

        LogGivenUp();
        return false;
    }

    private void LogGivenUp()
    {
        foreach (var jobId in _slots.UnansweredIds())
        {
            Log.GivenUp(_logger, jobId);
        }
    }

    private async Task<bool> EndsWithinAsync(Func<CancellationToken, Task> wait, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit, _options.TimeProvider);
        try
        {
            await wait(deadline.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return false;
        }
    }

    private bool HasDied(Task part, string name)
    {
        if (part.Exception is not { } exception)
        {
            return false;
        }

        Log.Died(_logger, exception, name);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Information,
            "RunPod worker {Version} starts as '{WorkerId}', {Concurrency} job(s) at once."
        )]
        public static partial void Starting(ILogger logger, string version, string workerId, int concurrency);

        [LoggerMessage(2, LogLevel.Warning, "{Warning}")]
        public static partial void OptionIgnored(ILogger logger, string warning);

        [LoggerMessage(3, LogLevel.Information, "Stopping: {Jobs} job(s) may run on for {Limit}.")]
        public static partial void Draining(ILogger logger, int jobs, TimeSpan limit);

        [LoggerMessage(4, LogLevel.Error, "Stopping: {Jobs} job(s) did not finish in time and are cancelled.")]
        public static partial void DrainTimedOut(ILogger logger, int jobs);

        [LoggerMessage(5, LogLevel.Error, "Job {JobId} was given up without an answer: the worker ends.")]
        public static partial void GivenUp(ILogger logger, string jobId);

        [LoggerMessage(6, LogLevel.Critical, "The worker ends, because {Part} has died.")]
        public static partial void Died(ILogger logger, Exception exception, string part);

        [LoggerMessage(7, LogLevel.Information, "The RunPod worker has ended.")]
        public static partial void Ended(ILogger logger);

        [LoggerMessage(8, LogLevel.Information, "A fresh worker is asked for: no more jobs are taken.")]
        public static partial void Refreshing(ILogger logger);
    }
}
