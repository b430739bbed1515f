using System.Runtime.InteropServices;

namespace RunPod.Worker;

/// <summary>
/// Turns SIGINT and SIGTERM into a cancelled token. Once that has happened, SIGINT, which is a person at a terminal, ends the
/// process at once, after what stands ready for <see cref="Forced"/>. SIGTERM may come twice by mistake (GNU timeout sends it
/// to the process and to its group), and the drain has a deadline anyway.
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

    /// <summary>Cancelled by the signal that is obeyed at once; the process ends when its callbacks have returned.</summary>
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
        if (_stopping.IsCancellationRequested && signal.Signal == PosixSignal.SIGINT)
        {
            _forced.Cancel();
            return;
        }

        signal.Cancel = true;
        _stopping.Cancel();
    }
}
