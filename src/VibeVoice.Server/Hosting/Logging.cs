using RunPod.Worker;
using VibeVoice.Server.Models;

namespace VibeVoice.Server.Hosting;

/// <summary>Where log lines go: in RunPod's format to standard output on a queue, readable to standard error elsewhere.</summary>
internal static partial class Logging
{
    public static ILoggerFactory ToStandardError(IConfiguration configuration) =>
        ToStandardError(Platform(configuration));

    public static ILoggerFactory ToStandardError(RunPodWorkerOptions platform) =>
        Create(Console.Error, isJson: false, platform.LogLevel);

    /// <summary>
    /// For a command whose own words are few: only how models and voices come, which may take minutes, to standard error.
    /// </summary>
    public static ILoggerFactory OfDownloads(IConfiguration configuration)
    {
        var minimum = Platform(configuration).LogLevel;
        return LoggerFactory.Create(builder =>
            builder
                .SetMinimumLevel(LogLevel.None)
                .AddFilter(typeof(HubStore).Namespace, minimum)
                .AddProvider(new RunPodLoggerProvider(Console.Error, json: false, minimum))
        );
    }

    /// <summary>For a worker on a queue: the platform reads standard output, and filters JSON lines by job.</summary>
    public static ILoggerFactory ForQueue(RunPodWorkerOptions platform) =>
        Create(Console.Out, platform.EndpointId is not null, platform.LogLevel);

    public static RunPodWorkerOptions Platform(IConfiguration configuration) =>
        RunPodWorkerOptions.FromEnvironment(name => configuration[name]);

    [LoggerMessage(LogLevel.Warning, "{Message}")]
    public static partial void Warn(ILogger logger, string message);

    private static ILoggerFactory Create(TextWriter output, bool isJson, LogLevel minimum) =>
        LoggerFactory.Create(builder =>
            builder
                .SetMinimumLevel(minimum)
                // It would tell of every request twice.
                .AddFilter("Microsoft.AspNetCore", minimum > LogLevel.Warning ? minimum : LogLevel.Warning)
                // What it says of a start that failed, the command says in one sentence.
                .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
                .AddProvider(new RunPodLoggerProvider(output, isJson, minimum))
        );
}
