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
    /// <summary>The caches, by the names that both forms of file give them.</summary>
    public IReadOnlyList<(string Name, PresetCache Cache)> Caches =>
        [("lm", Text), ("tts_lm", Speech), ("neg_lm", NegativeText), ("neg_tts_lm", NegativeSpeech)];

    /// <summary>
    /// Reads a preset of either form, <c>torch.save</c>'s or ours, and checks its sizes against those of the checkpoint
    /// that will speak with it.
    /// </summary>
    /// <exception cref="ModelFormatException">The file is broken, or holds what no preset needs.</exception>
    /// <exception cref="WeightMismatchException">It was made for another checkpoint.</exception>
    public static VoicePreset Load(string path, ModelConfig config)
    {
        var preset = IsTorch(path) ? TorchPreset.Load(path, config) : SafetensorsPreset.Load(path, config);
        foreach (var (name, cache) in preset.Caches)
        {
            if (!cache.Keys.Concat(cache.Values).Append(cache.LastHiddenState).All(IsFinite))
            {
                throw new ModelFormatException(
                    $"Voice preset '{path}' has numbers in '{name}' that are not finite, and would speak silence or noise. "
                        + "Copy the file again from where it came from."
                );
            }
        }

        return preset;
    }

    /// <summary>Writes our form, which loads equal and runs no pickle; the file appears when it is whole.</summary>
    public void Save(string path) => SafetensorsPreset.Save(this, path);

    // By content, since names lie; a .pt that is no zip (torch before 1.6) is left to the reader that says so.
    private static bool IsTorch(string path)
    {
        try
        {
            Span<byte> start = stackalloc byte[2];
            using var stream = File.OpenRead(path);
            return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
                    && start.SequenceEqual("PK"u8)
                || Path.GetExtension(path).Equals(TorchPreset.Extension, StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"Voice preset '{path}' cannot be opened: {exception.Message}", exception);
        }
    }

    private static bool IsFinite(ReadOnlyMemory<float> elements)
    {
        foreach (var element in elements.Span)
        {
            if (!float.IsFinite(element))
            {
                return false;
            }
        }

        return true;
    }
}
