using System.Globalization;
using VibeVoice.Server.Models;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether the hub gives what is to be fetched: reached, token accepted, terms accepted, room for it.</summary>
internal sealed class HubCheck(EngineFiles files, HubStore store, HubOptions hub) : ICheck
{
    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        if (hub.IsOffline)
        {
            return CheckResult.Skipped("HF_HUB_OFFLINE forbids to ask it.");
        }

        var found = files.Find();
        if (found.Missing is null)
        {
            return CheckResult.Skipped("Nothing is to be fetched from it.");
        }

        var (commit, bytes) = await store.AskAsync(found.Missing, found.Files!, cancellationToken);
        return CheckResult.Ok(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{hub.Endpoint.Host} gives '{found.Missing}' at commit {commit[..7]}: {bytes / 1e6:N0} MB to fetch."
            )
        );
    }
}
