namespace VibeVoice;

/// <summary>How a model is loaded.</summary>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record ModelOptions
{
    /// <summary>Threads that compute one frame, from 1; null for as many as the process may use.</summary>
    public int? Threads { get; init; }

    /// <summary>Where it computes. Default: the processor.</summary>
    public ModelDevice Device { get; init; } = ModelDevice.Cpu;

    /// <summary>How exactly it computes; null for <see cref="DeviceChoice.DefaultPrecision"/> of the device.</summary>
    public ModelPrecision? Precision { get; init; }

    /// <summary>
    /// Folder of tokenizer.json, or of vocab.json and merges.txt; null for the checkpoint's own. Published checkpoints do
    /// not hold their tokenizer: see <see cref="ModelFolder.FindTokenizerRepository"/>.
    /// </summary>
    public string? TokenizerFolder { get; init; }

    /// <summary>
    /// Takes the place of the end-of-speech classifier's last bias; null for the checkpoint's own. Recorded runs that
    /// must not end use −50.
    /// </summary>
    public float? EndOfSpeechBias { get; init; }
}
