using System.Runtime.InteropServices;

namespace VibeVoice.Checkpoints;

/// <summary>Our own form of a voice preset: no pickle, contiguous tensors, mapped in one go.</summary>
/// <remarks>
/// Per cache (<c>lm</c>, <c>tts_lm</c>, <c>neg_lm</c>, <c>neg_tts_lm</c>): <c>lm.last_hidden_state [L, D]</c>, and per
/// layer <c>lm.keys.0 [Hkv, L, Dh]</c> and <c>lm.values.0 [Hkv, L, Dh]</c>. The type is bf16 when that loses nothing.
/// </remarks>
internal static class SafetensorsPreset
{
    private const string FormatKey = "format";
    private const string Format = "vibevoice-preset-1";

    public static VoicePreset Load(string path, ModelConfig config)
    {
        using var file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault(FormatKey) != Format)
        {
            throw new ModelFormatException(
                $"'{path}' is no voice preset: its metadata has no '{FormatKey}' that says '{Format}'. "
                    + "Give a .pt preset, or a file that was made from one."
            );
        }

        var language = config.Language;
        var preset = new VoicePreset(
            Path.GetFileNameWithoutExtension(path),
            ReadCache(file, "lm", language.TextLayers, language),
            ReadCache(file, "tts_lm", language.SpeechLayers, language),
            ReadCache(file, "neg_lm", language.TextLayers, language),
            ReadCache(file, "neg_tts_lm", language.SpeechLayers, language)
        );
        var expected = preset.Caches.Sum(cache => 1 + (2 * cache.Cache.Keys.Count));
        return file.Tensors.Count == expected
            ? preset
            : throw new ModelFormatException(
                $"'{path}' holds {file.Tensors.Count} tensors, but {expected} are expected of a preset for this checkpoint. "
                    + "It was made for a checkpoint with more layers."
            );
    }

    public static void Save(VoicePreset preset, string path)
    {
        var tensors = preset.Caches.SelectMany(named => TensorsOf(named.Name, named.Cache)).ToArray();
        var dtype = tensors.All(tensor => IsBFloat16(tensor.Elements.Span)) ? TensorDtype.BF16 : TensorDtype.F32;
        SafetensorsWriter.Write(
            path,
            [
                .. tensors.Select(tensor => new TensorSource(
                    tensor.Name,
                    dtype,
                    tensor.Shape,
                    (first, destination) => Convert(tensor.Elements.Span[(int)first..], dtype, destination)
                )),
            ],
            new Dictionary<string, string> { [FormatKey] = Format }
        );
    }

    private static PresetCache ReadCache(SafetensorsFile file, string name, int layers, LanguageConfig language)
    {
        var hiddenName = $"{name}.last_hidden_state";
        var length =
            file.Tensors.GetValueOrDefault(hiddenName) is { Shape: [var rows and >= 1, _] }
            && rows <= language.MaxPositions
                ? (int)rows
                : 1;
        long[] shape = [language.KeyValueHeads, length, language.HeadSize];
        return new PresetCache(
            length,
            language.KeyValueHeads,
            [.. Enumerable.Range(0, layers).Select(layer => Read(file, $"{name}.keys.{layer}", shape))],
            [.. Enumerable.Range(0, layers).Select(layer => Read(file, $"{name}.values.{layer}", shape))],
            Read(file, hiddenName, [length, language.HiddenSize])
        );
    }

    private static ReadOnlyMemory<float> Read(SafetensorsFile file, string name, long[] shape)
    {
        if (!file.Tensors.TryGetValue(name, out var tensor))
        {
            throw WeightMismatchException.Missing(name, file.Path, TensorText.Shape(shape));
        }

        return tensor.Shape.AsSpan().SequenceEqual(shape)
            ? file.ReadFloat32(name)
            : throw new WeightMismatchException(
                name,
                file.Path,
                TensorText.Shape(shape),
                TensorText.Shape(tensor.Shape)
            );
    }

    private static IEnumerable<(string Name, long[] Shape, ReadOnlyMemory<float> Elements)> TensorsOf(
        string name,
        PresetCache cache
    )
    {
        yield return (
            $"{name}.last_hidden_state",
            [cache.Length, cache.LastHiddenState.Length / cache.Length],
            cache.LastHiddenState
        );
        var headSize = cache.Keys[0].Length / cache.KeyValueHeads / cache.Length;
        long[] shape = [cache.KeyValueHeads, cache.Length, headSize];
        for (var layer = 0; layer < cache.Keys.Count; layer++)
        {
            yield return ($"{name}.keys.{layer}", shape, cache.Keys[layer]);
            yield return ($"{name}.values.{layer}", shape, cache.Values[layer]);
        }
    }

    private static bool IsBFloat16(ReadOnlySpan<float> elements)
    {
        foreach (var bits in MemoryMarshal.Cast<float, uint>(elements))
        {
            if ((bits & 0xFFFF) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static void Convert(ReadOnlySpan<float> source, TensorDtype dtype, Span<byte> destination)
    {
        if (dtype == TensorDtype.F32)
        {
            MemoryMarshal.AsBytes(source)[..destination.Length].CopyTo(destination);
            return;
        }

        var halves = MemoryMarshal.Cast<byte, ushort>(destination);
        for (var i = 0; i < halves.Length; i++)
        {
            halves[i] = TensorConversion.ToBFloat16(source[i]);
        }
    }
}
