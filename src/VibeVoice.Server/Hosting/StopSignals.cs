using System.Runtime.InteropServices;

namespace VibeVoice.Server.Hosting;

/// <summary>Turns the first SIGINT, SIGTERM or SIGHUP into a cancelled token; a second one ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public StopSignals()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop));
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
        ExitCode = signal.Signal switch
        {
            PosixSignal.SIGHUP => Hosting.ExitCode.HungUp,
            PosixSignal.SIGTERM => Hosting.ExitCode.Terminated,
            _ => Hosting.ExitCode.Interrupted,
        };
        _stopping.Cancel();
    }
}
