namespace VibeVoice.Server.Http;

/// <summary>The command listens for signals and stops the server; the host's own lifetime would end it before it has drained.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
