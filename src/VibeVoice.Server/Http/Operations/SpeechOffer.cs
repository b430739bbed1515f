using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Operations;

/// <summary>What a request for speech may ask for, and what it gets where it does not ask: for forms, under <c>/version</c>.</summary>
/// <param name="SampleRateHz">Of <c>pcm</c>.</param>
/// <param name="Formats">What <c>response_format</c> may be; the first is the default.</param>
/// <param name="DefaultVoice">Where a request names none.</param>
/// <param name="MaxTextCharacters">In Unicode scalars after trimming.</param>
/// <param name="Speed">Tempo.</param>
/// <param name="Seed">Null where the engine has no noise, as the two that follow.</param>
/// <param name="CfgScale">Guidance.</param>
/// <param name="Steps">Diffusion steps for each frame.</param>
internal sealed record SpeechOffer(
    int SampleRateHz,
    IReadOnlyList<string> Formats,
    string DefaultVoice,
    int MaxTextCharacters,
    OfferedNumber Speed,
    OfferedNumber? Seed,
    OfferedNumber? CfgScale,
    OfferedNumber? Steps
)
{
    public static SpeechOffer Of(ISynthesizer synthesizer, SpeechSettings settings) =>
        new(
            synthesizer.SampleRateHz,
            [.. AudioFormat.All.Select(format => format.Name)],
            SpeechRequestFactory.FindDefaultVoice(settings, synthesizer.Voices).Name,
            settings.MaxTextCharacters,
            OfferedNumber.Of(SpeechLimits.Speed, 1),
            synthesizer.IsDiffusionModel ? OfferedNumber.Of(SpeechLimits.Seed, null) : null,
            synthesizer.IsDiffusionModel ? OfferedNumber.Of(SpeechLimits.CfgScale, settings.CfgScale) : null,
            synthesizer.IsDiffusionModel ? OfferedNumber.Of(SpeechLimits.InferenceSteps, settings.InferenceSteps) : null
        );
}

/// <param name="Minimum">The least that is taken.</param>
/// <param name="Maximum">The most.</param>
/// <param name="Default">What holds where none is given; null is another each time.</param>
internal sealed record OfferedNumber(double Minimum, double Maximum, double? Default)
{
    public static OfferedNumber Of(NumberRange range, double? usual) => new(range.Minimum, range.Maximum, usual);
}
