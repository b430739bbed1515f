using Microsoft.Extensions.Logging;
using RunPod.Worker.Emulator.Http;

namespace RunPod.Worker.Emulator;

/// <summary>
/// What <c>--rp_serve_api</c> means: the endpoint API on this machine, with a worker behind it that takes its jobs over HTTP
/// as it does on RunPod.
/// </summary>
public static partial class RunPodLocalApi
{
    private const int WrongOptions = 2;

    /// <summary>
    /// Serves until the worker has ended, which a signal or the token asks it to do; jobs that it has are answered first.
    /// Tells on standard output where, and what to try.
    /// </summary>
    /// <param name="handler">Does one job; <see cref="JobHandlers"/> makes it of a typed one.</param>
    /// <param name="options">
    /// The worker's limits, and the flags that say where to listen and how many jobs run at once. What they say of a queue is
    /// not used, and the machine is not checked.
    /// </param>
    /// <param name="cancellationToken">Cancelled when the worker shall stop, as a signal does.</param>
    /// <returns>The exit code: that of the worker, or 2 where it cannot be listened, which is logged in a sentence.</returns>
    public static async Task<int> RunAsync(
        JobHandler handler,
        RunPodWorkerOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(options);
        using var provider = new RunPodLoggerProvider(Console.Out, json: false, options.LogLevel);
        using var own = options.LoggerFactory is null ? new LoggerFactory([provider]) : null;
        var logs = options.LoggerFactory ?? own!;
        var listen = new RunPodEmulatorOptions { Host = options.Flags.ApiHost, Port = options.Flags.ApiPort };
        try
        {
            var emulator = await RunPodEmulator.StartAsync(listen, logs, cancellationToken).ConfigureAwait(false);
            await using var _ = emulator.ConfigureAwait(false);
            var sample = File.Exists("test_input.json") ? "@test_input.json" : "'{\"input\": {}}'";
            await Console.Out.WriteLineAsync(Welcome.Banner(emulator, sample)).ConfigureAwait(false);
            var worker = Behind(emulator, options) with { LoggerFactory = logs };
            return await RunPodWorker.RunAsync(handler, worker, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            Log.NotListening(logs.CreateLogger(typeof(RunPodLocalApi)), exception.Message);
            return WrongOptions;
        }
    }

    /// <summary>A worker of the emulator, with the limits of these options.</summary>
    private static RunPodWorkerOptions Behind(RunPodEmulator emulator, RunPodWorkerOptions options)
    {
        var platform = RunPodWorkerOptions.FromEnvironment(emulator.WorkerEnvironment());
        return options with
        {
            TakeUrl = platform.TakeUrl,
            ResultUrl = platform.ResultUrl,
            StreamUrl = platform.StreamUrl,
            PingUrl = platform.PingUrl,
            PingInterval = platform.PingInterval,
            ApiKey = platform.ApiKey,
            WorkerId = platform.WorkerId,
            Concurrency = options.Flags.ApiConcurrency ?? options.Concurrency,
            Flags = options.Flags with { ServesApi = false, TestInput = null },
            // A worker's own checks may be what loads its model.
            Fitness = options.Fitness with
            {
                ChecksSystem = false,
                ChecksGpu = false,
            },
        };
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Error,
            "The local API cannot listen: {Problem} See --rp_api_host and --rp_api_port."
        )]
        public static partial void NotListening(ILogger logger, string problem);
    }
}
