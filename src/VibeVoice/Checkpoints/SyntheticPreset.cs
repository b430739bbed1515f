using System.Runtime.InteropServices;

namespace VibeVoice.Checkpoints;

/// <summary>A voice of computed numbers, about as long as a published one where the configuration has room for it.</summary>
internal static class SyntheticPreset
{
    // Those of en-Mike_man.
    private const int PublishedTextLength = 49;
    private const int PublishedSpeechLength = 148;

    public static VoicePreset Make(string name, ModelConfig config)
    {
        var language = config.Language;
        var textLength = Math.Clamp(language.MaxPositions / 14, 1, PublishedTextLength);
        var speechLength = Math.Clamp(language.MaxPositions / 6, 1, PublishedSpeechLength);
        return new VoicePreset(
            name,
            MakeCache("lm", textLength, language.TextLayers, language),
            MakeCache("tts_lm", speechLength, language.SpeechLayers, language),
            MakeCache("neg_lm", 1, language.TextLayers, language),
            MakeCache("neg_tts_lm", 1, language.SpeechLayers, language)
        );
    }

    private static PresetCache MakeCache(string name, int length, int layers, LanguageConfig language)
    {
        long[] shape = [language.KeyValueHeads, length, language.HeadSize];
        return new PresetCache(
            length,
            language.KeyValueHeads,
            [.. Enumerable.Range(0, layers).Select(layer => MakeTensor($"{name}.keys.{layer}", shape))],
            [.. Enumerable.Range(0, layers).Select(layer => MakeTensor($"{name}.values.{layer}", shape))],
            MakeTensor($"{name}.last_hidden_state", [length, language.HiddenSize])
        );
    }

    private static ReadOnlyMemory<float> MakeTensor(string name, long[] shape)
    {
        var elements = new float[shape.Aggregate(1L, (product, size) => product * size)];
        var halves = new ushort[elements.Length];
        SyntheticWeights.Of($"voices.{name}", shape, endBias: 0)(0, MemoryMarshal.AsBytes(halves.AsSpan()));
        TensorConversion.ToSingle(TensorDtype.BF16, MemoryMarshal.AsBytes(halves.AsSpan()), elements);
        return elements;
    }
}
