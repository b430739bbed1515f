using VibeVoice.Checkpoints;

namespace VibeVoice;

/// <summary>A voice, loaded for one model.</summary>
/// <remarks>Never changed by speaking; safe to share between threads and requests. Holds nothing to dispose.</remarks>
public sealed class ModelVoice
{
    internal ModelVoice(VoicePreset preset, ModelConfig config)
    {
        Preset = preset;
        Config = config;
    }

    /// <summary>The name of its file, without the extension.</summary>
    public string Name => Preset.Name;

    internal VoicePreset Preset { get; }

    internal ModelConfig Config { get; }
}
