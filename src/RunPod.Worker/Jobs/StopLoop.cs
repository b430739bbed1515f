using Microsoft.Extensions.Logging;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>Listens for jobs that their clients gave up.</summary>
internal sealed partial class StopLoop(
    RunPodHttp http,
    RunPodUrls urls,
    JobSlots slots,
    TimeProvider timeProvider,
    ILogger logger
)
{
    private static readonly TimeSpan PollLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan NothingWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BusyWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MissingWait = TimeSpan.FromMinutes(1);

    /// <summary>A server that repeats itself must not be asked without a pause.</summary>
    private static readonly TimeSpan SignalWait = TimeSpan.FromMilliseconds(100);

    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30));
    private bool _isKnownMissing;

    /// <summary>Listens until the last job has ended.</summary>
    public async Task RunAsync(CancellationToken ended)
    {
        if (urls.Stop() is not { } uri)
        {
            Log.NoChannel(logger);
            await Task.Delay(Timeout.InfiniteTimeSpan, timeProvider, ended)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        try
        {
            while (true)
            {
                await Task.Delay(await ListenAsync(uri, ended).ConfigureAwait(false), timeProvider, ended)
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // That is how it ends.
        }
    }

    /// <summary>Asks once, and says how long to wait.</summary>
    private async Task<TimeSpan> ListenAsync(Uri uri, CancellationToken ended)
    {
        try
        {
            var reply = await http.GetAsync(uri, PollLimit, ended).ConfigureAwait(false);
            switch (reply)
            {
                case { Status: 404 }:
                    if (!_isKnownMissing)
                    {
                        Log.Missing(logger);
                    }

                    _isKnownMissing = true;
                    return MissingWait;
                case { Status: 429 }:
                    return BusyWait;
                case { IsSuccess: true }:
                    _backoff.Reset();
                    _isKnownMissing = false;
                    return Apply(StopReply.Read(reply)) ? SignalWait : NothingWait;
                default:
                    return Failed($"RunPod answered {reply.Status}");
            }
        }
        catch (TimeoutException)
        {
            return TimeSpan.Zero;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return Failed(e.Message.TrimEnd('.'));
        }
    }

    private bool Apply(IReadOnlyList<string> jobIds)
    {
        foreach (var jobId in jobIds)
        {
            if (slots.Stop(jobId) is not null)
            {
                Log.Stopping(logger, jobId);
            }
        }

        return jobIds.Count > 0;
    }

    private TimeSpan Failed(string problem)
    {
        var wait = _backoff.Next();
        Log.Failed(logger, problem, wait.TotalSeconds);
        return wait;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "RUNPOD_WEBHOOK_GET_JOB has no '/job-take/', so clients cannot stop running jobs."
        )]
        public static partial void NoChannel(ILogger logger);

        [LoggerMessage(2, LogLevel.Information, "RunPod has no stop channel here (404); asking once a minute.")]
        public static partial void Missing(ILogger logger);

        [LoggerMessage(3, LogLevel.Warning, "Asking RunPod for stopped jobs: {Problem}. Next try in {Seconds:0.0} s.")]
        public static partial void Failed(ILogger logger, string problem, double seconds);

        [LoggerMessage(4, LogLevel.Information, "Job {JobId} is stopped by its client.")]
        public static partial void Stopping(ILogger logger, string jobId);
    }
}
