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

    /// <summary>Parts that compute more or less exactly than the whole; null for none.</summary>
    public ModelPartPrecisions? Parts { get; init; }

    /// <summary>
    /// Folder of tokenizer.json, or of vocab.json and merges.txt; null for the checkpoint's own. Published checkpoints do
    /// not hold their tokenizer: see <see cref="ModelFolder.FindTokenizerRepository"/>.
    /// </summary>
    public string? TokenizerFolder { get; init; }

    /// <summary>
    /// Folder for weights that were laid out, and quantised where that was asked for, so that it is done once: later loads map
    /// what is there. It is made if need be, and may be shared by processes and machines. Null to do it in memory, at every
    /// load, which for float32 is as much as the checkpoint holds. Nothing is kept there of a model in float16 or on CUDA.
    /// </summary>
    public string? CompiledFolder { get; init; }

    /// <summary>
    /// Told in a sentence of what takes long or was found amiss while a model is loaded, such as damaged weights that are
    /// compiled again; on the thread that loads. Null to hear nothing.
    /// </summary>
    public Action<string>? OnNotice { get; init; }

    /// <summary>
    /// Takes the place of the end-of-speech classifier's last bias; null for the checkpoint's own. Recorded runs that
    /// must not end use −50.
    /// </summary>
    public float? EndOfSpeechBias { get; init; }
}
