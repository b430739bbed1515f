using VibeVoice.Server.Encoding;

namespace VibeVoice.Server.Speech;

/// <summary>One request being spoken: read <see cref="Audio"/> to its end, then ask for the report.</summary>
internal sealed class SpeechRun(EncodedAudio audio, SpeechMeter meter, ISynthesizer synthesizer, SpeechRequest request)
{
    public EncodedAudio Audio { get; } = audio;

    /// <summary>What is known after the last byte.</summary>
    public SpeechSummary Report() =>
        new()
        {
            Engine = synthesizer.Engine,
            Model = synthesizer.Model,
            Computing = synthesizer.Computing,
            Voice = request.Voice.Name,
            Format = request.Format,
            SampleRateHz = synthesizer.SampleRateHz,
            Duration = meter.AudioDuration,
            Characters = meter.Characters,
            TextTokens = meter.TextTokens,
            Frames = meter.Frames,
            Seed = request.Seed,
            FirstAudio = meter.FirstAudio,
            Generation = meter.Generation,
            RealTimeFactor = meter.RealTimeFactor,
            Warnings = [.. request.Warnings, .. meter.Warnings],
        };
}

/// <summary>What was spoken, by what, and how fast.</summary>
internal sealed record SpeechSummary
{
    public required string Engine { get; init; }

    public required string Model { get; init; }

    /// <summary>Null for an engine that has no choice.</summary>
    public Computing? Computing { get; init; }

    public required string Voice { get; init; }

    public required AudioFormat Format { get; init; }

    public required int SampleRateHz { get; init; }

    /// <summary>How long the answer sounds.</summary>
    public required TimeSpan Duration { get; init; }

    public required int Characters { get; init; }

    /// <summary>Tokens of the prepared text; null where the engine reads none.</summary>
    public int? TextTokens { get; init; }

    /// <summary>The model's frames.</summary>
    public required int Frames { get; init; }

    public required long Seed { get; init; }

    public required TimeSpan FirstAudio { get; init; }

    public required TimeSpan Generation { get; init; }

    public required double RealTimeFactor { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }
}
