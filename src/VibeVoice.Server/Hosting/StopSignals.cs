using System.Runtime.InteropServices;

namespace VibeVoice.Server.Hosting;

/// <summary>Turns the first SIGINT or SIGTERM into a cancelled token; a second one ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public StopSignals()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
    }

    public CancellationToken Token => _stopping.Token;

    /// <summary>The exit code of a command that was stopped in the middle of its work.</summary>
    public int ExitCode { get; private set; } = Hosting.ExitCode.Interrupted;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stopping.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        signal.Cancel = true;
        ExitCode = signal.Signal == PosixSignal.SIGTERM ? Hosting.ExitCode.Terminated : Hosting.ExitCode.Interrupted;
        _stopping.Cancel();
    }
}
