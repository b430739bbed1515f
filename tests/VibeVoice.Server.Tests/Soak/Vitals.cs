using System.Globalization;

namespace VibeVoice.Server.Tests.Soak;

/// <summary>What a process holds at one moment.</summary>
/// <param name="ResidentMegabytes">Memory, in 10^6 bytes.</param>
/// <param name="Handles">
/// What its open files, pipes and sockets are. Without the assemblies that it runs: the runtime opens each at its first use,
/// twice and for good, and the first use of some comes late and by chance, as when a client leaves at a certain moment.
/// </param>
internal sealed record Vitals(double ResidentMegabytes, IReadOnlyList<string> Handles)
{
    public int FileHandles => Handles.Count;

    public static Vitals Of(int processId)
    {
        // "VmRSS:     123456 kB"
        var line = File.ReadLines($"/proc/{processId}/status")
            .First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = long.Parse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture
        );
        return new Vitals(kilobytes * 1024 / 1e6, [.. HandlesOf(processId)]);
    }

    private static IEnumerable<string> HandlesOf(int processId) =>
        new DirectoryInfo($"/proc/{processId}/fd")
            .EnumerateFileSystemInfos()
            .Select(handle => handle.LinkTarget)
            .OfType<string>() // null: closed since the folder was read
            .Where(target => !target.EndsWith(".dll", StringComparison.Ordinal));
}
