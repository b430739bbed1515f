using System.Runtime.InteropServices;
using VibeVoice.Checkpoints;

namespace VibeVoice.Tests.Checkpoints;

/// <summary>
/// Presets as torch.save writes them, of any element type, device and layout: the caches of a preset in other clothes.
/// </summary>
internal static class TorchPresets
{
    /// <param name="type">FloatStorage, HalfStorage or BFloat16Storage.</param>
    /// <param name="padding">Elements before the tensor in its storage, so that its offset is not 0.</param>
    /// <param name="transposed">Whether keys and values are stored as <c>[L, Hkv, Dh]</c>, as the published ones are.</param>
    public static byte[] Make(
        VoicePreset preset,
        string type,
        string device = "cpu",
        int padding = 0,
        bool transposed = true
    )
    {
        var storages = new List<(string, byte[])>();
        var pickle = new PickleWriter().Op('}').Op('(');
        foreach (var (name, cache) in preset.Caches)
        {
            pickle.Text(name).Global("transformers.modeling_outputs", "BaseModelOutputWithPast").Op('(');
            long width = cache.LastHiddenState.Length / cache.Length;
            Add(cache.LastHiddenState.ToArray(), [1, cache.Length, width], [cache.LastHiddenState.Length, width, 1]);
            pickle.Global("transformers.cache_utils", "DynamicCache").Op(')').Raw(0x81).Op('}').Op('(');
            AddLayers("key_cache", cache, cache.Keys);
            AddLayers("value_cache", cache, cache.Values);
            pickle.Op('u').Op('b').Op('N').Op('N').Op('t').Op('R');
        }

        return PickleWriter.Archive(pickle.Op('u').Op('.').Bytes, storages);

        void AddLayers(string name, PresetCache cache, IReadOnlyList<ReadOnlyMemory<float>> layers)
        {
            long heads = cache.KeyValueHeads;
            long length = cache.Length;
            long headSize = layers[0].Length / heads / length;
            pickle.Text(name).Op(']').Op('(');
            foreach (var layer in layers)
            {
                if (transposed)
                {
                    var swapped = Transpose(layer.Span, (int)heads, (int)length, (int)headSize);
                    Add(
                        swapped,
                        [1, heads, length, headSize],
                        [length * heads * headSize, headSize, heads * headSize, 1]
                    );
                }
                else
                {
                    Add(layer.ToArray(), [1, heads, length, headSize], [layer.Length, length * headSize, headSize, 1]);
                }
            }

            pickle.Op('e');
        }

        void Add(float[] elements, long[] shape, long[] strides)
        {
            var key = $"{storages.Count}";
            float[] padded =
            [
                .. Enumerable.Repeat(float.NaN, padding),
                .. elements,
                .. Enumerable.Repeat(float.NaN, padding),
            ];
            storages.Add((key, Convert(padded, type)));
            pickle.Tensor(type, key, padded.Length, padding, shape, strides, device);
        }
    }

    private static float[] Transpose(ReadOnlySpan<float> source, int heads, int length, int headSize)
    {
        var result = new float[source.Length];
        for (var head = 0; head < heads; head++)
        {
            for (var position = 0; position < length; position++)
            {
                source
                    .Slice(((head * length) + position) * headSize, headSize)
                    .CopyTo(result.AsSpan(((position * heads) + head) * headSize));
            }
        }

        return result;
    }

    private static byte[] Convert(float[] elements, string type) =>
        type switch
        {
            "FloatStorage" => MemoryMarshal.AsBytes(elements.AsSpan()).ToArray(),
            "HalfStorage" => [.. elements.SelectMany(value => BitConverter.GetBytes((Half)value))],
            _ => [.. elements.SelectMany(value => BitConverter.GetBytes(TensorConversion.ToBFloat16(value)))],
        };
}
