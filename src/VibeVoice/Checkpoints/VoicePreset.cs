using VibeVoice.Checkpoints.Torch;

namespace VibeVoice.Checkpoints;

/// <summary>A voice: what the language models remember of its prompt. Generation starts from a copy of it.</summary>
/// <remarks>Immutable, and safe to share between threads and requests.</remarks>
internal sealed record VoicePreset(
    string Name,
    PresetCache Text,
    PresetCache Speech,
    PresetCache NegativeText,
    PresetCache NegativeSpeech
)
{
    public const string TorchExtension = ".pt";

    /// <summary>Reads a preset and checks its sizes against those of the checkpoint that will speak with it.</summary>
    /// <exception cref="ModelFormatException">The file is broken, or holds what no preset needs.</exception>
    /// <exception cref="WeightMismatchException">It was made for another checkpoint.</exception>
    public static VoicePreset Load(string path, ModelConfig config) => TorchPreset.Load(path, config);
}
