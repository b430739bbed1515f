namespace VibeVoice.Development;

/// <summary>The tensors of a recorded run that are compared, in the order in which they are computed.</summary>
internal static class QuantityNames
{
    public const string TextHidden = "lm_hidden";
    public const string SpeechTextHidden = "text_hidden";
    public const string Condition = "condition";
    public const string NegativeCondition = "negative_condition";
    public const string Latent = "latent";
    public const string Audio = "audio";
    public const string SpeechHidden = "speech_hidden";
    public const string NegativeHidden = "negative_hidden";
    public const string EndLogit = "eos_logit";
    public const string LastAudio = "last_audio";

    public static IReadOnlyList<string> All { get; } =
    [
        TextHidden,
        SpeechTextHidden,
        Condition,
        NegativeCondition,
        Latent,
        Audio,
        SpeechHidden,
        NegativeHidden,
        EndLogit,
        LastAudio,
    ];
}
