using System.Globalization;

namespace VibeVoice.Server.Tests.Soak;

/// <summary>What a process holds at one moment.</summary>
/// <param name="ResidentMegabytes">Memory, in 10^6 bytes.</param>
/// <param name="FileHandles">Open files, pipes and sockets.</param>
internal sealed record Vitals(double ResidentMegabytes, int FileHandles)
{
    public static Vitals Of(int processId)
    {
        // "VmRSS:     123456 kB"
        var line = File.ReadLines($"/proc/{processId}/status")
            .First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = long.Parse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture
        );
        return new Vitals(
            kilobytes * 1024 / 1e6,
            Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd").Count()
        );
    }
}
