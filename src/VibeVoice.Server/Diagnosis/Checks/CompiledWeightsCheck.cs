using System.Globalization;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether compiled weights are as they were written: a start would map damaged ones, since it does not read them all.</summary>
internal sealed class CompiledWeightsCheck(Workspace workspace) : ICheck
{
    public Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        var folder = workspace.CompiledFolder;
        // A file whose table is damaged is told by the check of the folder, and made again by itself.
        var whole = CompiledCache
            .Inspect(folder, readsWeights: false, cancellationToken)
            .Files.Where(file => file.Damage is null)
            .Select(file => file.Name)
            .ToHashSet(StringComparer.Ordinal);
        if (whole.Count == 0)
        {
            return Task.FromResult(CheckResult.Skipped("No compiled weights are here."));
        }

        var files = CompiledCache
            .Inspect(folder, readsWeights: true, cancellationToken)
            .Files.Where(file => whole.Contains(file.Name))
            .ToList();
        var damages = files.Select(file => file.Damage).OfType<string>().ToList();
        return Task.FromResult(
            damages.Count > 0
                ? CheckResult.Problem(
                    $"{string.Join(' ', damages)} Delete the file, and the next start makes it again."
                )
                : CheckResult.Ok(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{files.Sum(file => file.Bytes) / 1e9:0.##} GB of compiled weights are as they were written."
                    )
                )
        );
    }
}
