using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether Git is there, where voices are to be fetched with it.</summary>
internal sealed class GitCheck(EngineFiles files, VoiceInstaller voices) : ICheck
{
    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken) =>
        files.LacksVoices
            ? CheckResult.Ok($"{await voices.Repository.FindGitAsync(cancellationToken)}.")
            : CheckResult.Skipped("No voices are to be fetched.");
}
