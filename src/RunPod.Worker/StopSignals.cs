using System.Runtime.InteropServices;

namespace RunPod.Worker;

/// <summary>
/// Turns the first SIGINT or SIGTERM into a cancelled token; a second one ends the process at once, after what stands ready
/// for <see cref="Forced"/>.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stopping;
    private readonly CancellationTokenSource _forced = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals(CancellationToken cancellationToken)
    {
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
        ];
    }

    public CancellationToken Token => _stopping.Token;

    /// <summary>Cancelled by the second signal; the process ends when its callbacks have returned.</summary>
    public CancellationToken Forced => _forced.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stopping.Dispose();
        _forced.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        if (_stopping.IsCancellationRequested)
        {
            _forced.Cancel();
            return;
        }

        signal.Cancel = true;
        _stopping.Cancel();
    }
}
