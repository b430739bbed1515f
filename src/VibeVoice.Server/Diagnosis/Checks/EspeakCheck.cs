using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Preview;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether the program of the preview voice is there, where that voice is chosen.</summary>
internal sealed class EspeakCheck(SpeechSettings settings) : ICheck
{
    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        if (settings.Engine != SpeechEngine.Preview)
        {
            return CheckResult.Skipped("The model speaks, not the preview voice.");
        }

        var preview = new PreviewSynthesizer(settings);
        await preview.LoadAsync(cancellationToken);
        return CheckResult.Ok($"{preview.Model}.");
    }
}
