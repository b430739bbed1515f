namespace VibeVoice.Server.Speech;

/// <summary>
/// What a caller asked for, as it came; null where they said nothing. Numbers are doubles, as in JSON: a whole number
/// with a fraction is the caller's mistake to be told, not a cast.
/// </summary>
internal sealed record SpeechInput
{
    public string? Text { get; init; }

    public string? Voice { get; init; }

    public string? Format { get; init; }

    public string? ReferenceAudio { get; init; }

    public double? Speed { get; init; }

    public double? Seed { get; init; }

    public double? CfgScale { get; init; }

    public double? InferenceSteps { get; init; }

    public bool? RemoveMarkdown { get; init; }

    public bool? RemoveEmoji { get; init; }
}

/// <summary>
/// The names under which the fields of <see cref="SpeechInput"/> are known where the request came in, so that every
/// message speaks the caller's language.
/// </summary>
internal sealed record SpeechFieldNames
{
    public static readonly SpeechFieldNames Job = new();

    public string Text { get; init; } = "text";

    public string Voice { get; init; } = "voice_key";

    public string Format { get; init; } = "output_format";

    public string ReferenceAudio { get; init; } = "reference_audio";

    public string Speed { get; init; } = "speed";

    public string Seed { get; init; } = "seed";

    public string CfgScale { get; init; } = "cfg_scale";

    public string InferenceSteps { get; init; } = "inference_steps";
}
