namespace VibeVoice.Server.Speech;

/// <summary>What the numbers of a request may be, whichever way it came in.</summary>
internal static class SpeechLimits
{
    /// <summary>Largest whole number that every JSON reader keeps exact: 2^53 − 1.</summary>
    public const long MaxSeed = (1L << 53) - 1;

    public static readonly NumberRange Speed = new(0.25, 4);
    public static readonly NumberRange Seed = new(0, MaxSeed, IsWhole: true);
    public static readonly NumberRange CfgScale = new(1, 5);
    public static readonly NumberRange InferenceSteps = new(1, 50, IsWhole: true);
}
