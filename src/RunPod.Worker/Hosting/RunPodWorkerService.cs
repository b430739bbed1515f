using Microsoft.Extensions.Hosting;

namespace RunPod.Worker.Hosting;

/// <summary>The worker as a service of a host: they end together.</summary>
internal sealed class RunPodWorkerService(
    JobHandler handler,
    RunPodWorkerOptions options,
    IHostApplicationLifetime lifetime
) : BackgroundService
{
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.HasQueue && options.FindProblems() is { Count: > 0 } problems)
        {
            throw new InvalidOperationException($"The RunPod worker cannot start. {string.Join(' ', problems)}");
        }

        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Whatever the worker does before its first wait must not hold up the services that start after it.
        await Task.Yield();
        try
        {
            Environment.ExitCode = await RunPodWorker.RunAsync(handler, options, stoppingToken).ConfigureAwait(false);
        }
        finally
        {
            lifetime.StopApplication();
        }
    }
}
