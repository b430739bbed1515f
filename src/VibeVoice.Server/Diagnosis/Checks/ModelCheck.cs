using VibeVoice.Server.Models;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether MODEL_PATH leads to a whole checkpoint, or to one that can still be fetched.</summary>
internal sealed class ModelCheck(EngineFiles files, HubStore store, HubOptions hub) : ICheck
{
    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        var found = files.Find();
        if (found.Model is { } model)
        {
            return CheckResult.Ok($"{model.Name}, in '{model.Folder}'.");
        }

        if (hub.IsOffline)
        {
            // Without the hub this asks nobody, and says what is missing.
            await store.EnsureAsync(found.Missing!, found.Files!, InstallCare.Trust, cancellationToken);
        }

        return CheckResult.Ok(
            $"'{found.Missing}' is not here yet: 'vibevoice install', or the first start, fetches it into '{store.CacheFolder}'."
        );
    }
}
