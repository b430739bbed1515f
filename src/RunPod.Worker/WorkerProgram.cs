using Microsoft.Extensions.Logging;
using RunPod.Worker.Local;
using RunPod.Worker.Logging;

namespace RunPod.Worker;

/// <summary>A worker as a whole program: where its log goes, what stops it, and what there is to do.</summary>
internal static partial class WorkerProgram
{
    private const int WrongOptions = 2;

    public static async Task<int> RunAsync(
        JobHandler handler,
        RunPodWorkerOptions options,
        CancellationToken cancellationToken
    )
    {
        var isLocal = options.Flags.TestInput is not null || !options.HasQueue;
        using var logs = options.LoggerFactory is null ? RunPodLoggerFactory.ForProcess(options, isLocal) : null;
        var run = options with { LoggerFactory = options.LoggerFactory ?? logs };
        var logger = run.LoggerFactory!.CreateLogger(typeof(RunPodWorker));
        if (Problems(run, isLocal) is { Count: > 0 } problems)
        {
            foreach (var problem in problems)
            {
                Log.WrongOption(logger, problem);
            }

            return WrongOptions;
        }

        using var signals = options.StopsOnSignals ? new StopSignals(cancellationToken) : null;
        var stopping = signals?.Token ?? cancellationToken;
        if (isLocal)
        {
            return await LocalProgram.RunAsync(handler, run, logger, stopping).ConfigureAwait(false);
        }

        using var session = new WorkerSession(handler, run, stopping, signals?.Forced ?? CancellationToken.None);
        return await session.RunAsync().ConfigureAwait(false);
    }

    /// <summary>A job that is run here needs nothing of the platform.</summary>
    private static IReadOnlyList<string> Problems(RunPodWorkerOptions options, bool isLocal)
    {
        if (options.Flags.ServesApi)
        {
            return
            [
                "--rp_serve_api: this program has no local API in it. Start a RunPodEmulator (RunPod.Worker.Emulator), and "
                    + "this worker with the variables that it gives.",
            ];
        }

        return isLocal ? options.Flags.Problems : options.FindProblems();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Problem}")]
        public static partial void WrongOption(ILogger logger, string problem);
    }
}
