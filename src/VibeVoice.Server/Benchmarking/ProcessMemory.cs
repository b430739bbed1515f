using System.Diagnostics;
using System.Globalization;

namespace VibeVoice.Server.Benchmarking;

/// <summary>Resident memory of this process, in megabytes.</summary>
/// <param name="Peak">The most it ever was, pages of mapped files with it.</param>
/// <param name="Own">What no file stands behind.</param>
/// <param name="FileBacked">Pages of mapped files.</param>
internal sealed record ProcessMemory(double Peak, double Own, double FileBacked)
{
    private const string Status = "/proc/self/status";

    public static ProcessMemory Now()
    {
        if (!File.Exists(Status))
        {
            using var process = Process.GetCurrentProcess();
            return new ProcessMemory(Megabytes(process.PeakWorkingSet64), Megabytes(process.WorkingSet64), 0);
        }

        var lines = File.ReadAllLines(Status);
        return new ProcessMemory(Find("VmHWM:"), Find("RssAnon:"), Find("RssFile:"));

        // A line like "VmHWM:	   81234 kB".
        double Find(string name) =>
            lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
                ? double.Parse(line.AsSpan(name.Length, line.Length - name.Length - 3), CultureInfo.InvariantCulture)
                    / 1024
                : 0;
    }

    private static double Megabytes(long bytes) => bytes / (1024.0 * 1024);
}
