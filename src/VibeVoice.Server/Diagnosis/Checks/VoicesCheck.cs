using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether there are voices, and the default one is among them.</summary>
/// <param name="settings">The default voice.</param>
/// <param name="options">Where published voices come from.</param>
/// <param name="files">Null with the preview voice.</param>
internal sealed class VoicesCheck(SpeechSettings settings, VoiceOptions options, EngineFiles? files = null) : ICheck
{
    public Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        var catalog = files?.Voices.Catalog ?? PublishedVoices.Catalog;
        var standard = SpeechRequestFactory.FindDefaultVoice(settings, catalog);
        var words =
            files is null ? $"{catalog.Voices.Count} names"
            : files.LacksVoices
                ? $"The published ones are not here yet: 'vibevoice install', or the first start, fetches them from '{options.ShownUrl}'"
            : $"{catalog.Voices.Count(files.Voices.IsInstalled)} of {catalog.Voices.Count} are here";
        return Task.FromResult(CheckResult.Ok($"{words}; the default is {standard.Name}."));
    }
}
