using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Jobs;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Health;

/// <summary>
/// Tells the platform that this worker lives, and which jobs it has. RunPod ends a worker whose heartbeat fails, so it has
/// a thread and connections of its own, and goes by the machine's clock.
/// </summary>
internal sealed partial class Heartbeat : IDisposable
{
    private const int Attempts = 3;

    private readonly RunPodUrls _urls;
    private readonly JobSlots _slots;
    private readonly string _apiKey;
    private readonly string _userAgent;
    private readonly TimeSpan _interval;
    private readonly ILogger _logger;
    private readonly ManualResetEventSlim _ended = new();
    private readonly TaskCompletionSource _threadEnded;

    private Heartbeat(
        RunPodUrls urls,
        JobSlots slots,
        RunPodWorkerOptions options,
        TaskCompletionSource threadEnded,
        ILogger logger
    )
    {
        (_urls, _slots, _apiKey, _interval) = (urls, slots, options.ApiKey!, options.PingInterval);
        _userAgent = ClientIdentity.UserAgent(options.Integration);
        (_threadEnded, _logger) = (threadEnded, logger);
        new Thread(Run) { IsBackground = true, Name = "RunPod heartbeat" }.Start();
    }

    /// <summary>Starts the heartbeat; null when the platform did not say where to or as whom.</summary>
    /// <param name="options">The platform.</param>
    /// <param name="urls">Its URLs.</param>
    /// <param name="slots">The jobs to name.</param>
    /// <param name="threadEnded">Completed when the heartbeat has ended; faulted if it could not go on.</param>
    /// <param name="logger">For trouble.</param>
    public static Heartbeat? Start(
        RunPodWorkerOptions options,
        RunPodUrls urls,
        JobSlots slots,
        TaskCompletionSource threadEnded,
        ILogger logger
    )
    {
        string?[] missing =
        [
            options.PingUrl is null ? "RUNPOD_WEBHOOK_PING" : null,
            options.ApiKey is null ? "RUNPOD_AI_API_KEY" : null,
            options.WorkerId is null ? "RUNPOD_POD_ID" : null,
        ];
        if (missing.Any(name => name is not null))
        {
            Log.Missing(logger, string.Join(", ", missing.OfType<string>()));
            return null;
        }

        return new Heartbeat(urls, slots, options, threadEnded, logger);
    }

    /// <summary>Asks the thread to end. A ping under way is not waited for.</summary>
    public void Dispose() => _ended.Set();

    private void Run()
    {
        try
        {
            var isWell = true;
            do
            {
                var started = Stopwatch.GetTimestamp();
                isWell = Ping(isWell);
                var rest = _interval - Stopwatch.GetElapsedTime(started);
                if (_ended.Wait(rest > TimeSpan.Zero ? rest : TimeSpan.Zero))
                {
                    break;
                }
            } while (true);
            _threadEnded.SetResult();
        }
        catch (Exception e)
        {
            _threadEnded.SetException(e);
        }
    }

    /// <summary>One heartbeat, tried again within its interval; says whether it arrived.</summary>
    private bool Ping(bool wasWell)
    {
        var problem = "";
        // In an outage the next heartbeat is retry enough: a platform in trouble must not get three times the load.
        var attempts = wasWell ? Attempts : 1;
        for (var attempt = 1; attempt <= attempts && !_ended.IsSet; attempt++)
        {
            try
            {
                var uri = _urls.Ping(_slots.UnansweredIds(), ClientIdentity.Version);
                var status = PingConnection.Get(uri, _apiKey, _userAgent, _interval * 2);
                if (status is >= 200 and < 300)
                {
                    if (!wasWell)
                    {
                        Log.Recovered(_logger);
                    }

                    return true;
                }

                problem = $"RunPod answered {status}";
                if (status is not (408 or 429 or >= 500))
                {
                    break;
                }
            }
            catch (Exception e) when (PingConnection.IsTrouble(e))
            {
                problem = e.Message.TrimEnd('.');
            }

            if (attempt < attempts && _ended.Wait(Min(_interval / 4, TimeSpan.FromSeconds(2))))
            {
                return wasWell;
            }
        }

        Log.Failed(_logger, problem);
        return false;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "There is no heartbeat, since these are not set: {Names}.")]
        public static partial void Missing(ILogger logger, string names);

        [LoggerMessage(2, LogLevel.Warning, "A heartbeat failed: {Problem}. RunPod ends workers that it cannot hear.")]
        public static partial void Failed(ILogger logger, string problem);

        [LoggerMessage(3, LogLevel.Information, "The heartbeat is back.")]
        public static partial void Recovered(ILogger logger);
    }
}
