using System.Globalization;
using System.Runtime.InteropServices;

namespace Testing.Programs;

/// <summary>The processes of this machine, from /proc.</summary>
public static class ProcessTable
{
    /// <summary>
    /// Running processes whose environment holds <paramref name="name"/>=<paramref name="value"/>. Children inherit it, so
    /// this finds those of a program whose parent has died, too.
    /// </summary>
    public static IReadOnlyList<TableEntry> WithVariable(string name, string value)
    {
        var wanted = $"\0{name}={value}\0";
        return [.. All().Where(entry => $"\0{Read(entry.Id, "environ")}\0".Contains(wanted, StringComparison.Ordinal))];
    }

    /// <summary>Processes that have ended and that <paramref name="parentId"/> never asked about.</summary>
    public static IReadOnlyList<TableEntry> ZombiesOf(int parentId) =>
        [.. All().Where(entry => entry.ParentId == parentId && entry.State is 'Z')];

    /// <summary>All processes that <paramref name="ancestorId"/> started, and those that they started.</summary>
    public static IReadOnlyList<TableEntry> DescendantsOf(int ancestorId)
    {
        var all = All().ToList();
        var ids = new HashSet<int> { ancestorId };
        while (all.Any(entry => ids.Contains(entry.ParentId) && ids.Add(entry.Id)))
        {
            // One more generation.
        }

        return all.FindAll(entry => entry.Id != ancestorId && ids.Contains(entry.Id));
    }

    /// <summary>Sends a signal, by number; false where the process is gone.</summary>
    public static bool Signal(int processId, int signal) => Kill(processId, signal) == 0;

    private static IEnumerable<TableEntry> All() =>
        Directory
            .EnumerateDirectories("/proc")
            .Select(folder =>
                int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Entry(id) : null
            )
            .OfType<TableEntry>();

    private static TableEntry? Entry(int id)
    {
        // "1234 (name of it) S 1 …": the name may hold spaces and parentheses.
        var line = Read(id, "stat");
        var end = line.LastIndexOf(')');
        if (end < 0)
        {
            return null;
        }

        var fields = line[(end + 2)..].Split(' ');
        return new TableEntry(
            id,
            line[(line.IndexOf('(', StringComparison.Ordinal) + 1)..end],
            fields[0][0],
            int.Parse(fields[1], CultureInfo.InvariantCulture),
            int.Parse(fields[3], CultureInfo.InvariantCulture)
        );
    }

    private static string Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ""; // it ended while we looked, or belongs to someone else
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}

/// <summary>One process.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name, 15 characters at most.</param>
/// <param name="State">One letter, as ps shows it.</param>
/// <param name="ParentId">The process that started it, or that it was left to.</param>
/// <param name="Session">The session it belongs to; a terminal's signals stay within one.</param>
public sealed record TableEntry(int Id, string Name, char State, int ParentId, int Session)
{
    /// <summary>Whether it has not ended; the dead that nobody asked about are in the table, too.</summary>
    public bool Runs => State is not ('Z' or 'X');
}
