using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>Asks for jobs whenever a slot is free.</summary>
internal sealed partial class TakeLoop(
    RunPodHttp http,
    RunPodUrls urls,
    JobSlots slots,
    RunPodWorkerOptions options,
    ILogger logger
)
{
    /// <summary>How often a worker that is full is asked whether it wants more slots.</summary>
    private static readonly TimeSpan ResizeInterval = TimeSpan.FromSeconds(1);

    /// <summary>The platform's own client hangs up after this time.</summary>
    private static readonly TimeSpan PollLimit = TimeSpan.FromSeconds(90);

    /// <summary>An answer that is on its way while the worker is told to stop may hold a job.</summary>
    private static readonly TimeSpan LastChance = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _timeProvider = options.TimeProvider;

    /// <summary>Takes jobs until the worker stops; false if the platform refuses this worker for good.</summary>
    public async Task<bool> RunAsync(CancellationToken stopping)
    {
        // By the machine's clock: this wait is about a socket, and short.
        using var abandon = new CancellationTokenSource();
        await using var _ = stopping.Register(() => abandon.CancelAfter(LastChance)).ConfigureAwait(false);
        var pace = new TakePace(_timeProvider);
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var free = await WaitForFreeAsync(stopping).ConfigureAwait(false);
                var wait = await TakeAsync(free, pace, abandon.Token).ConfigureAwait(false);
                if (pace.IsRefusedForGood)
                {
                    Log.RefusedForGood(logger, TakePace.RefusalLimit);
                    return false;
                }

                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, _timeProvider, stopping).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // That is how it ends.
        }

        return true;
    }

    /// <summary>Waits for a free slot, and says how many there are. How many there shall be is asked before each take.</summary>
    private async Task<int> WaitForFreeAsync(CancellationToken stopping)
    {
        if (options.ConcurrencyModifier is not { } modifier)
        {
            return await slots.WaitForFreeAsync(stopping).ConfigureAwait(false);
        }

        while (true)
        {
            Resize(modifier);
            using var interval = new CancellationTokenSource(ResizeInterval, _timeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, interval.Token);
            try
            {
                return await slots.WaitForFreeAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
            {
                // Still full: ask again.
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The user's code must not end the worker.")]
    private void Resize(Func<int, int> modifier)
    {
        var current = slots.Concurrency;
        try
        {
            var wanted = Math.Max(1, modifier(current));
            if (wanted != current)
            {
                slots.Concurrency = wanted;
                Log.Resized(logger, current, wanted);
            }
        }
        catch (Exception e)
        {
            Log.ModifierFailed(logger, e, current);
        }
    }

    /// <summary>Takes once, and says how long to wait.</summary>
    private async Task<TimeSpan> TakeAsync(int wanted, TakePace pace, CancellationToken abandon)
    {
        var started = _timeProvider.GetTimestamp();
        TakeReply taken;
        TimeSpan? retryAfter = null;
        try
        {
            var uri = urls.Take(wanted, isJobInProgress: slots.HasUnanswered);
            var reply = await http.GetAsync(uri, PollLimit, abandon).ConfigureAwait(false);
            taken = TakeReply.Read(reply);
            retryAfter = reply.RetryAfter;
        }
        catch (TimeoutException)
        {
            taken = new TakeReply(TakeVerdict.Empty, [], []);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            taken = new TakeReply(TakeVerdict.Failed, [], [e.Message.TrimEnd('.')]);
        }

        foreach (var job in taken.Jobs)
        {
            if (!slots.TryAdd(job))
            {
                Log.Duplicate(logger, job.Id);
            }
        }

        var wait = pace.WaitAfter(taken.Verdict, _timeProvider.GetElapsedTime(started), retryAfter);
        foreach (var problem in taken.Problems)
        {
            Log.TakeProblem(logger, problem, wait.TotalSeconds);
        }

        return wait;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Taking a job from RunPod: {Problem}. Next try in {Seconds:0.0} s.")]
        public static partial void TakeProblem(ILogger logger, string problem, double seconds);

        [LoggerMessage(2, LogLevel.Warning, "Job {JobId} came again while it is in progress; the second is ignored.")]
        public static partial void Duplicate(ILogger logger, string jobId);

        [LoggerMessage(
            3,
            LogLevel.Critical,
            "RunPod has refused this worker for {Limit}. Check RUNPOD_WEBHOOK_GET_JOB, RUNPOD_POD_ID and RUNPOD_AI_API_KEY; the worker ends."
        )]
        public static partial void RefusedForGood(ILogger logger, TimeSpan limit);

        [LoggerMessage(4, LogLevel.Information, "Jobs at once: {Before} before, {Now} from now on.")]
        public static partial void Resized(ILogger logger, int before, int now);

        [LoggerMessage(5, LogLevel.Error, "The concurrency modifier failed; jobs at once: {Current}, as before.")]
        public static partial void ModifierFailed(ILogger logger, Exception exception, int current);
    }
}
