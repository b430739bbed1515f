using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>A worker of this project's library in this process, which takes its jobs over HTTP.</summary>
internal sealed class RunningWorker : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    private RunningWorker(JobHandler handler, RunPodWorkerOptions options) =>
        Ended = RunPodWorker.RunAsync(handler, options, _stopping.Token);

    /// <summary>Its exit code.</summary>
    public Task<int> Ended { get; }

    public static RunningWorker Start(
        EmulatorStage stage,
        JobHandler handler,
        int concurrency = 1,
        string? id = null
    ) =>
        new(
            handler,
            RunPodWorkerOptions.FromEnvironment(stage.Emulator.WorkerEnvironment(id)) with
            {
                Concurrency = concurrency,
                ProgressInterval = TimeSpan.Zero,
                LoggerFactory = NullLoggerFactory.Instance,
                StopsOnSignals = false,
                Fitness = new FitnessOptions { ChecksSystem = false, ChecksGpu = false },
            }
        );

    /// <summary>Returns the job's input.</summary>
    public static Task<JobResult> Echo(JobContext job, CancellationToken cancellationToken) =>
        Task.FromResult(Json(job.Input.GetRawText()));

    public static JobResult Json(string json) => JobResult.FromJson(Encoding.UTF8.GetBytes(json));

    /// <summary>Asks it to end; it answers its jobs first.</summary>
    public void Stop() => _stopping.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Ended.WaitAsync(TimeSpan.FromSeconds(20));
        _stopping.Dispose();
    }
}
