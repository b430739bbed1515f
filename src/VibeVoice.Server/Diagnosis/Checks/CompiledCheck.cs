using System.Globalization;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>What is in the folder of compiled weights, by tables and names alone. Nothing in it stops a start.</summary>
internal sealed class CompiledCheck(Workspace workspace) : ICheck
{
    public Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        var folder = workspace.CompiledFolder;
        var report = CompiledCache.Inspect(folder, readsWeights: false, cancellationToken);
        var sentences = new List<string> { Summary(folder, report) };
        sentences.AddRange(
            report
                .Files.Select(file => file.Damage)
                .OfType<string>()
                .Select(damage => $"{damage} A start makes it again.")
        );
        if (report.Leftovers.Count > 0)
        {
            sentences.Add(
                $"Killed processes left {string.Join(", ", report.Leftovers)}: the next one that compiles removes what they left."
            );
        }

        if (report.Strangers.Count > 0)
        {
            sentences.Add($"What else is there was not made by this program: {string.Join(", ", report.Strangers)}.");
        }

        var isNote = sentences.Count > 1;
        if (report.IsBeingMade)
        {
            sentences.Add("Some process is compiling.");
        }

        var words = string.Join(' ', sentences);
        return Task.FromResult(isNote ? CheckResult.Note(words) : CheckResult.Ok(words));
    }

    private static string Summary(string folder, CompiledCacheReport report) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Files.Count} files of compiled weights, {report.Files.Sum(file => file.Bytes) / 1e9:0.##} GB, in '{folder}'; {DiskSpace.FreeAt(folder) / 1e9:0.##} GB are free."
        );
}
