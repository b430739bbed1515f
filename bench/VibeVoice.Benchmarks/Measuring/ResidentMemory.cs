using System.Globalization;

namespace VibeVoice.Benchmarks.Measuring;

/// <summary>Watches the resident memory of a process, and that of its children apart, until it ends.</summary>
internal sealed class ResidentMemory
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly List<double> _megabytes = [];

    /// <summary>The system's own high-water mark (VmHWM), which misses nothing between two looks.</summary>
    public double PeakMegabytes { get; private set; }

    /// <summary>Most of all children at one time.</summary>
    public double ChildrenPeakMegabytes { get; private set; }

    /// <summary>Median of the first third of the time.</summary>
    public double FirstThirdMegabytes => new Sample(_megabytes.Take(_megabytes.Count / 3)).Median;

    /// <summary>Median of the last third of the time.</summary>
    public double LastThirdMegabytes => new Sample(_megabytes.Skip(_megabytes.Count * 2 / 3)).Median;

    /// <summary>Looks until the process has ended or <paramref name="enough"/> is cancelled.</summary>
    public static async Task<ResidentMemory> WatchAsync(MeasuredProcess process, CancellationToken enough)
    {
        var memory = new ResidentMemory();
        while (!process.HasExited && !enough.IsCancellationRequested)
        {
            memory.Look(process.Id);
            await Task.Delay(Interval, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return memory;
    }

    /// <summary>Resident memory of a process at this moment.</summary>
    public static double NowMegabytes(int id) => Read(id)?.Resident ?? 0;

    private void Look(int id)
    {
        // A process that is just ending has no such lines any more.
        if (Read(id) is { } now)
        {
            _megabytes.Add(now.Resident);
            PeakMegabytes = Math.Max(PeakMegabytes, now.Peak);
            ChildrenPeakMegabytes = Math.Max(ChildrenPeakMegabytes, ChildrenOf(id).Sum(c => Read(c)?.Resident ?? 0));
        }
    }

    private static (double Resident, double Peak)? Read(int id)
    {
        try
        {
            var lines = File.ReadAllLines($"/proc/{id}/status");
            return Find(lines, "VmRSS:") is { } resident && Find(lines, "VmHWM:") is { } peak ? (resident, peak) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>A line like "VmRSS:	   81234 kB" in megabytes.</summary>
    private static double? Find(string[] lines, string name) =>
        Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? double.Parse(line.AsSpan(name.Length, line.Length - name.Length - 3), CultureInfo.InvariantCulture) / 1024
            : null;

    /// <summary>A child that has not become its program yet (vfork) still shows the parent's memory: it is none.</summary>
    private static IEnumerable<int> ChildrenOf(int id)
    {
        try
        {
            return
            [
                .. Directory
                    .EnumerateDirectories($"/proc/{id}/task")
                    .Select(thread => Path.Combine(thread, "children"))
                    .Where(File.Exists)
                    .SelectMany(file => File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Select(number => int.Parse(number, CultureInfo.InvariantCulture))
                    .Where(child => ProgramOf(child) != ProgramOf(id)),
            ];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static string? ProgramOf(int id) => new FileInfo($"/proc/{id}/exe").LinkTarget;
}
