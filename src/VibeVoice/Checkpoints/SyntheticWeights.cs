using System.Runtime.InteropServices;
using System.Text;

namespace VibeVoice.Checkpoints;

/// <summary>Weights that are computed instead of learnt: the same numbers in any language and on any machine.</summary>
/// <remarks>
/// A checkpoint of them speaks noise; it is for parity and speed, where the published one cannot be had. The formula
/// (SplitMix64 over an FNV-1a hash of the tensor's name) is part of the goldens: it must not change.
/// </remarks>
internal static class SyntheticWeights
{
    /// <summary>A bias at which speech ends by itself now and then, and one at which it never does.</summary>
    public const float DefaultEndBias = -1.5f;

    /// <summary>Fills bytes with bf16 elements of one tensor, from an index on.</summary>
    public static TensorSource.FillRange Of(string name, long[] shape, float endBias)
    {
        if (ConstantOf(name, endBias) is { } constant)
        {
            return (_, destination) =>
                MemoryMarshal.Cast<byte, ushort>(destination).Fill(TensorConversion.ToBFloat16(constant));
        }

        var (offset, scale) = RangeOf(name, shape);
        var hash = Hash(name);
        return (first, destination) => Fill(hash, offset, scale, first, MemoryMarshal.Cast<byte, ushort>(destination));
    }

    private static float? ConstantOf(string name, float endBias) =>
        name switch
        {
            WeightNames.EndOfSpeechBias => endBias,
            _ when name.EndsWith("speech_scaling_factor", StringComparison.Ordinal) => 0.2333984375f,
            _ when name.EndsWith("speech_bias_factor", StringComparison.Ordinal) => -0.0703125f,
            _ => null,
        };

    // Element = offset + scale · u, u in [-1, 1).
    private static (float Offset, float Scale) RangeOf(string name, long[] shape)
    {
        var last = name[(name.LastIndexOf('.') + 1)..];
        if (last is "gamma" or "ffn_gamma")
        {
            return (0.25f, 0.1f);
        }

        if (last == "weight" && Contains(name, "norm"))
        {
            return (1f, 0.1f);
        }

        if (last == "bias" || Contains(name, "embed_tokens") || Contains(name, "tts_input_types"))
        {
            return (0f, 0.05f);
        }

        var fan = Contains(name, "convtr")
            ? 2 * shape[0]
            : shape.Skip(1).Aggregate(1L, (product, size) => product * size);
        // Powers of two: exact. The weak connector keeps rounding errors from growing through the fed-back latent.
        var damping =
            Contains(name, ".decoder.head.") ? 1f / 64
            : Contains(name, "acoustic_connector.fc2") ? 1f / 128
            : 1f;
        return (0f, (float)Math.Sqrt(3.0 / fan) * damping);
    }

    private static void Fill(ulong hash, float offset, float scale, long first, Span<ushort> destination)
    {
        const ulong golden = 0x9E3779B97F4A7C15;
        var counter = hash + ((ulong)first * golden);
        for (var i = 0; i < destination.Length; i++)
        {
            counter += golden;
            var z = counter;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            var u = ((z >> 40) * (1f / (1 << 23))) - 1f;
            var bits = BitConverter.SingleToUInt32Bits(offset + (scale * u));
            destination[i] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16); // never NaN: as ToBFloat16, less a branch
        }
    }

    // 64-bit FNV-1a.
    private static ulong Hash(string name)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var value in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ value) * 0x100000001B3;
        }

        return hash;
    }

    private static bool Contains(string name, string part) => name.Contains(part, StringComparison.Ordinal);
}
