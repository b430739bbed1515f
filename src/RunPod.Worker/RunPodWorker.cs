using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RunPod.Worker;

/// <summary>
/// A RunPod Serverless worker: takes jobs from a queue, runs a handler, posts results, keeps the heartbeat. Without a
/// queue (<see cref="RunPodWorkerOptions.HasQueue"/>) or with <c>--test_input</c> it runs one job here and prints its
/// result. Thread-safe; normally there is one in a process.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026", Justification = "The overloads differ in what stands before the options.")]
public static class RunPodWorker
{
    /// <summary>
    /// Serves until the process is asked to stop and the jobs that were taken by then are answered. Load what jobs need
    /// before calling this, or in a <see cref="FitnessCheck"/>: RunPod sends jobs from the first moment on.
    /// </summary>
    /// <param name="handler">Does one job.</param>
    /// <param name="options">The platform and the limits; null: <see cref="RunPodWorkerOptions.FromProcess"/>.</param>
    /// <param name="cancellationToken">Cancelled when the worker shall stop, as a signal does.</param>
    /// <returns>
    /// The exit code, to be returned from Main: 0 after every job was answered; 1 if jobs had to be given up, a fitness
    /// check failed, RunPod refuses this worker for good, a handler is stuck, or a part of the worker died (and for a job
    /// that failed locally); 2 if options cannot work, each of which is logged in a sentence.
    /// </returns>
    public static Task<int> RunAsync(
        JobHandler handler,
        RunPodWorkerOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        return WorkerProgram.RunAsync(handler, options ?? RunPodWorkerOptions.FromProcess(), cancellationToken);
    }

    /// <summary>Serves with a handler whose input and output are types.</summary>
    /// <param name="handler">Does one job.</param>
    /// <param name="json">Knows how both types are written as JSON.</param>
    /// <param name="options">The platform and the limits; null: <see cref="RunPodWorkerOptions.FromProcess"/>.</param>
    /// <param name="cancellationToken">Cancelled when the worker shall stop, as a signal does.</param>
    /// <returns>The exit code; see the other overload.</returns>
    /// <exception cref="ArgumentException"><paramref name="json"/> does not know one of the types.</exception>
    public static Task<int> RunAsync<TInput, TOutput>(
        IJobHandler<TInput, TOutput> handler,
        JsonSerializerContext json,
        RunPodWorkerOptions? options = null,
        CancellationToken cancellationToken = default
    ) => RunAsync(JobHandlers.Create(handler, json), options, cancellationToken);

    /// <summary>Serves with a handler whose output comes in pieces.</summary>
    /// <param name="handler">Does one job.</param>
    /// <param name="json">Knows how both types are written as JSON.</param>
    /// <param name="options">The platform and the limits; null: <see cref="RunPodWorkerOptions.FromProcess"/>.</param>
    /// <param name="cancellationToken">Cancelled when the worker shall stop, as a signal does.</param>
    /// <returns>The exit code; see the other overload.</returns>
    /// <exception cref="ArgumentException"><paramref name="json"/> does not know one of the types.</exception>
    public static Task<int> RunAsync<TInput, TPiece>(
        IStreamJobHandler<TInput, TPiece> handler,
        JsonSerializerContext json,
        RunPodWorkerOptions? options = null,
        CancellationToken cancellationToken = default
    ) => RunAsync(JobHandlers.CreateStream(handler, json), options, cancellationToken);
}
