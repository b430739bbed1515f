using Microsoft.Extensions.Logging;

namespace RunPod.Worker;

/// <summary>Serves a RunPod Serverless queue: takes jobs, runs a handler, posts results, keeps the heartbeat.</summary>
public static class RunPodWorker
{
    /// <summary>
    /// Serves until <paramref name="stopping"/> is cancelled and the jobs that were taken by then are answered. Load what
    /// jobs need before calling this: the platform sends jobs from the first moment on.
    /// </summary>
    /// <param name="handler">Does one job.</param>
    /// <param name="options">The platform and the limits; see <see cref="RunPodWorkerOptions.HasQueue"/>.</param>
    /// <param name="loggerFactory">Where log lines go, for example through <see cref="RunPodLoggerProvider"/>.</param>
    /// <param name="stopping">Cancelled when the process is asked to end.</param>
    /// <returns>
    /// The exit code: 0 after every job was answered; 1 if jobs had to be given up, the platform refuses this worker for
    /// good, or a part of the worker died.
    /// </returns>
    /// <exception cref="ArgumentException">One or more options cannot work; a sentence each.</exception>
    public static async Task<int> RunAsync(
        JobHandler handler,
        RunPodWorkerOptions options,
        ILoggerFactory loggerFactory,
        CancellationToken stopping
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        options.Validate(nameof(options));
        using var session = new WorkerSession(handler, options, loggerFactory, stopping);
        return await session.RunAsync().ConfigureAwait(false);
    }
}
