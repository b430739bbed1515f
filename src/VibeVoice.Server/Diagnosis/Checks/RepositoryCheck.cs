using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether the repository of the published voices answers, where they are to be fetched.</summary>
internal sealed class RepositoryCheck(EngineFiles files, VoiceInstaller voices, VoiceOptions options) : ICheck
{
    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        if (!files.LacksVoices)
        {
            return CheckResult.Skipped("No voices are to be fetched.");
        }

        await voices.Repository.AskAsync(cancellationToken);
        return CheckResult.Ok($"'{options.ShownUrl}' answers.");
    }
}
