using System.Diagnostics;
using System.Globalization;

namespace VibeVoice.Server.Tests.Encoding;

/// <summary>Processes that this one started, from /proc.</summary>
internal static class Children
{
    /// <summary>Ids of running descendants with this name; the dead that nobody waited for do not count.</summary>
    public static IReadOnlyList<int> Named(string name) =>
        [.. Descendants().Where(p => string.Equals(p.Name, name, StringComparison.Ordinal)).Select(p => p.Id)];

    /// <summary>Kills every one of this name; one that has ended meanwhile is as good as killed.</summary>
    public static void Kill(string name)
    {
        foreach (var id in Named(name))
        {
            try
            {
                using var process = Process.GetProcessById(id);
                process.Kill();
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
            {
                // Gone between the look and the kill.
            }
        }
    }

    /// <summary>The session a process belongs to; a terminal's signals stay within one.</summary>
    public static int SessionOf(int processId) => Read(processId)!.Value.Session;

    public static async Task ShouldEndAsync(string name)
    {
        for (var tries = 0; Named(name).Count > 0; tries++)
        {
            tries.ShouldBeLessThan(100, $"'{name}' should have ended");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static List<(int Id, string Name, int Parent, int Session)> Descendants()
    {
        var all = Directory
            .EnumerateDirectories("/proc")
            .Select(folder =>
                int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Read(id) : null
            )
            .OfType<(int Id, string Name, int Parent, int Session)>()
            .ToList();
        var ids = new HashSet<int> { Environment.ProcessId };
        while (all.Any(process => ids.Contains(process.Parent) && ids.Add(process.Id)))
        {
            // One more generation.
        }

        return all.FindAll(process => process.Id != Environment.ProcessId && ids.Contains(process.Id));
    }

    private static (int Id, string Name, int Parent, int Session)? Read(int id)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{id}/stat");
            var end = line.LastIndexOf(')');
            var fields = line[(end + 2)..].Split(' ');
            return fields[0] is "Z" or "X"
                ? null
                : (id, line[(line.IndexOf('(') + 1)..end], Number(fields[1]), Number(fields[3]));
        }
        catch (IOException)
        {
            return null; // it ended while we looked
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
