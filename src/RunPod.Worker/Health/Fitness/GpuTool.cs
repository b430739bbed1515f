using System.ComponentModel;
using System.Diagnostics;

namespace RunPod.Worker.Health.Fitness;

/// <summary>A program that knows about GPUs, run to its end.</summary>
internal static class GpuTool
{
    /// <summary>What it printed, errors too, and its exit code; null where it cannot be started.</summary>
    /// <exception cref="TimeoutException">It does not end, as with a broken driver; it was killed.</exception>
    public static async Task<(int ExitCode, string Output)?> RunAsync(
        string program,
        TimeSpan limit,
        params string[] arguments
    )
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return null;
        }

        using var deadline = new CancellationTokenSource(limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
            return (process.ExitCode, await output.ConfigureAwait(false) + await errors.ConfigureAwait(false));
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{program}' did not end within {limit.TotalSeconds} s.", e);
        }
    }
}
