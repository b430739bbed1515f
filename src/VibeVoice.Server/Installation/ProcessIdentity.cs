using System.Globalization;

namespace VibeVoice.Server.Installation;

/// <summary>
/// Tells processes apart across machines and containers, so that one of our own that is dead can be known as dead at once.
/// Of a process elsewhere nothing is known, whatever its number.
/// </summary>
internal static class ProcessIdentity
{
    private const int StartTimeColumn = 19;

    // Two containers of one machine count their processes separately, and share the machine's boot.
    private static readonly string Place = Read("/proc/sys/kernel/random/boot_id").Trim() + "/" + Namespace();

    /// <summary>This process: boot, process namespace, number, time of start. Without spaces.</summary>
    public static string Current { get; } = Of(Environment.ProcessId);

    /// <summary>Whether <paramref name="identity"/> is surely that of a process that has ended.</summary>
    public static bool IsDead(string identity)
    {
        var end = identity.LastIndexOf(':');
        var start = end < 0 ? -1 : identity.LastIndexOf(':', end - 1);
        return start > 0
            && identity[..start] == Place
            && int.TryParse(identity[(start + 1)..end], CultureInfo.InvariantCulture, out var id)
            && Of(id) != identity;
    }

    private static string Of(int id)
    {
        // "1234 (name of it) S 1 …": the name may hold spaces and parentheses.
        var stat = Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
        var columns = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var startTime = columns.Length > StartTimeColumn ? columns[StartTimeColumn] : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Place}:{id}:{startTime}");
    }

    private static string Namespace() => new FileInfo("/proc/self/ns/pid").LinkTarget?.Replace(":", "") ?? "";

    private static string Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : "";
        }
        catch (IOException)
        {
            return ""; // it ended while we looked
        }
    }
}
