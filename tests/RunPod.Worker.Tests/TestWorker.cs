using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

/// <summary>A worker in this process against a <see cref="FakeRunPod"/>; disposing stops it and awaits its end.</summary>
internal sealed class TestWorker : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly FakeLoggerProvider _logs = new();
    private readonly LoggerFactory _loggerFactory;

    private TestWorker(JobHandler handler, RunPodWorkerOptions options)
    {
        _loggerFactory = new LoggerFactory([_logs]);
        Ended = RunPodWorker.RunAsync(
            handler,
            options with
            {
                LoggerFactory = _loggerFactory,
                StopsOnSignals = false,
            },
            _stopping.Token
        );
    }

    public static FitnessOptions NoChecks { get; } = new() { ChecksSystem = false, ChecksGpu = false };

    /// <summary>The worker's exit code.</summary>
    public Task<int> Ended { get; }

    public IReadOnlyList<FakeLogRecord> Logs => _logs.Collector.GetSnapshot();

    public static TestWorker Start(
        FakeRunPod runPod,
        JobHandler handler,
        Func<RunPodWorkerOptions, RunPodWorkerOptions>? configure = null,
        bool hasStream = true
    )
    {
        var options = RunPodWorkerOptions.FromEnvironment(runPod.Environment(hasStream)) with
        {
            DrainTimeout = TimeSpan.FromSeconds(5),
            // They have tests of their own, and this machine's state is not what the others are about.
            Fitness = NoChecks,
        };
        return new TestWorker(handler, configure is null ? options : configure(options));
    }

    /// <summary>Returns the job's input.</summary>
    public static Task<JobResult> Echo(JobContext job, CancellationToken cancellationToken) =>
        Task.FromResult(Json(job.Input.GetRawText()));

    public static JobResult Json(string json) => JobResult.FromJson(Encoding.UTF8.GetBytes(json));

    public static JsonElement Parse(string json) => JsonElement.Parse(json);

    /// <summary>Never returns by itself.</summary>
    public static async Task<JobResult> Wait(JobContext job, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return Json("null");
    }

    /// <summary>Moves a clock on until a condition holds.</summary>
    public static Task AdvanceUntilAsync(FakeTimeProvider clock, TimeSpan step, Func<bool> condition, string what) =>
        FakeRunPod.WaitForAsync(
            () =>
            {
                if (condition())
                {
                    return true;
                }

                clock.Advance(step);
                return false;
            },
            what
        );

    public void Stop() => _stopping.Cancel();

    public bool HasLogged(LogLevel level, string part) =>
        Logs.Any(line => line.Level == level && line.Message.Contains(part, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Ended.WaitAsync(TimeSpan.FromSeconds(20));
        _loggerFactory.Dispose();
        _stopping.Dispose();
    }
}
