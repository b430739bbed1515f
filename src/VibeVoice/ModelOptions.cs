namespace VibeVoice;

/// <summary>How a model is loaded.</summary>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record ModelOptions
{
    /// <summary>Threads that compute one frame, from 1; null for as many as the process may use.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Speeches that are spoken at once, from 1. Each holds memory for the model's whole context until it has been read to
    /// its end. Default: 4.
    /// </summary>
    public int Slots { get; init; } = 4;

    /// <summary>
    /// Speeches that may wait for a slot, from 0; they get one in the order in which reading them began, and one more
    /// throws <see cref="ModelBusyException"/>. Default: 256.
    /// </summary>
    public int MostWaiting { get; init; } = 256;

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
