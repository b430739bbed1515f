using Testing.Programs;

namespace VibeVoice.Server.Tests.Encoding;

/// <summary>Processes that this one started.</summary>
internal static class Children
{
    /// <summary>Ids of running descendants with this name; the dead that nobody waited for do not count.</summary>
    public static IReadOnlyList<int> Named(string name) => [.. Running().Where(p => p.Name == name).Select(p => p.Id)];

    /// <summary>Kills every one of this name; one that has ended meanwhile is as good as killed.</summary>
    public static void Kill(string name)
    {
        const int sigkill = 9;
        foreach (var id in Named(name))
        {
            ProcessTable.Signal(id, sigkill);
        }
    }

    /// <summary>The session a child belongs to; a terminal's signals stay within one.</summary>
    public static int SessionOf(int processId) => Running().Single(p => p.Id == processId).Session;

    public static async Task ShouldEndAsync(string name)
    {
        for (var tries = 0; Named(name).Count > 0; tries++)
        {
            tries.ShouldBeLessThan(100, $"'{name}' should have ended");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static IEnumerable<TableEntry> Running() =>
        ProcessTable.DescendantsOf(Environment.ProcessId).Where(p => p.Runs);
}
