using Microsoft.Extensions.Hosting;

namespace RunPod.Worker.Emulator;

/// <summary>
/// The emulator ends when it is disposed of. The host's own lifetime would end it on SIGTERM, before the worker beside it
/// has answered its jobs.
/// </summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
