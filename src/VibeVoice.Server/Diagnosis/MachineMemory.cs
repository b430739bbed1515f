using System.Globalization;

namespace VibeVoice.Server.Diagnosis;

/// <summary>Memory that this process may have: the machine's, or less where its container is limited.</summary>
/// <param name="LimitBytes">All of it.</param>
/// <param name="AvailableBytes">What nobody uses, pages of files not counted, since they give way.</param>
/// <param name="IsOfContainer">Whether the limit is that of a container.</param>
internal sealed record MachineMemory(long LimitBytes, long AvailableBytes, bool IsOfContainer)
{
    /// <summary>Reads what the kernel says; null where it says nothing.</summary>
    /// <param name="root">Where <c>/proc</c> and <c>/sys</c> are.</param>
    public static MachineMemory? Read(string root = "/")
    {
        var machine = ReadTable(Path.Combine(root, "proc/meminfo"), "kB");
        if (
            !machine.TryGetValue("MemTotal:", out var total) || !machine.TryGetValue("MemAvailable:", out var available)
        )
        {
            return null;
        }

        return ReadContainer(root) is var (limit, used) && limit < total
            ? new MachineMemory(limit, Math.Min(available, Math.Max(0, limit - used)), IsOfContainer: true)
            : new MachineMemory(total, available, IsOfContainer: false);
    }

    /// <summary>The limit of the container's control group and what is used of it, in either version of the interface.</summary>
    private static (long Limit, long Used)? ReadContainer(string root)
    {
        foreach (
            var (folder, limitName, usedName, filesName) in new[]
            {
                ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
                ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
            }
        )
        {
            if (
                ReadNumber(Path.Combine(root, folder, limitName)) is { } limit
                && ReadNumber(Path.Combine(root, folder, usedName)) is { } used
            )
            {
                return (
                    limit,
                    used - ReadTable(Path.Combine(root, folder, "memory.stat"), "").GetValueOrDefault(filesName)
                );
            }
        }

        return null;
    }

    // "max" is no number: then there is no limit.
    private static long? ReadNumber(string path) =>
        File.Exists(path) && long.TryParse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>Lines of a name and a number, in bytes or in kilobytes.</summary>
    private static Dictionary<string, long> ReadTable(string path, string unit) =>
        (File.Exists(path) ? File.ReadLines(path) : [])
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1 && (words.Length > 2 ? words[2] : "") == unit)
            .DistinctBy(words => words[0], StringComparer.Ordinal)
            .ToDictionary(
                words => words[0],
                words => long.Parse(words[1], CultureInfo.InvariantCulture) * (unit.Length > 0 ? 1024 : 1),
                StringComparer.Ordinal
            );
}
