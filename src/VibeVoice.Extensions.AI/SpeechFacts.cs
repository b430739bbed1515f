using System.Text.Json;
using Microsoft.Extensions.AI;

namespace VibeVoice.Extensions.AI;

/// <summary>What an answer tells of a speech, in names that survive JSON.</summary>
internal static class SpeechFacts
{
    public const string SampleRate = "sample_rate_hz";

    /// <summary>Tokens of text in, frames of sound out: the model makes one latent for each frame.</summary>
    public static UsageDetails Usage(SpeakReport report) =>
        new()
        {
            InputTokenCount = report.TokensRead,
            InputTextTokenCount = report.TokensRead,
            OutputTokenCount = report.FramesSpoken,
            OutputAudioTokenCount = report.FramesSpoken,
            TotalTokenCount = report.TokensRead + report.FramesSpoken,
        };

    public static AdditionalPropertiesDictionary Of(SpeakReport report, SpeechRequest request, int sampleRateHz) =>
        new()
        {
            [SampleRate] = sampleRateHz,
            ["duration_seconds"] = report.Duration.TotalSeconds,
            ["end_reason"] = report.EndReason is { } reason
                ? JsonNamingPolicy.SnakeCaseLower.ConvertName($"{reason}")
                : null,
            ["ended_before_text"] = report.EndedBeforeText,
            ["peak_level"] = report.PeakLevel,
            ["voice"] = request.Voice.Name,
            ["seed"] = request.Options.Seed,
        };
}
