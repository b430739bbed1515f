using System.Diagnostics;
using Testing.Programs;

namespace VibeVoice.Benchmarks.Measuring;

/// <summary>A program under observation.</summary>
internal sealed class MeasuredProcess : IDisposable
{
    private readonly Process _process;
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly Task<string> _errors;

    private MeasuredProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it writes, as bytes.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    public double Milliseconds => Stopwatch.GetElapsedTime(_begun).TotalMilliseconds;

    public static MeasuredProcess Start(
        string program,
        IEnumerable<string> arguments,
        params IEnumerable<(string Name, string Value)> variables
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["VIBEVOICE_ENGINE"] = "preview";
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return new MeasuredProcess(start);
    }

    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task WaitForSuccessAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        if (_process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{_process.StartInfo.FileName} ended with {_process.ExitCode}. It said: {await _errors}"
            );
        }
    }

    /// <summary>Asks it to end, as a container's platform does.</summary>
    public void Terminate() => ProcessTable.Signal(_process.Id, signal: 15);

    public void Kill() => _process.Kill(entireProcessTree: true);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }
}
