using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VibeVoice.Checkpoints;

/// <summary>Little-endian elements to float32 and back; bf16 is the upper half of a float32.</summary>
internal static class TensorConversion
{
    /// <summary>Converts bf16, f16, f32 or f64; other types are the caller's to refuse.</summary>
    public static void ToSingle(TensorDtype dtype, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (dtype)
        {
            case TensorDtype.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case TensorDtype.BF16:
                var upperHalves = MemoryMarshal.Cast<byte, ushort>(source);
                var bits = MemoryMarshal.Cast<float, uint>(destination);
                for (var i = 0; i < upperHalves.Length; i++)
                {
                    bits[i] = (uint)upperHalves[i] << 16;
                }

                break;
            case TensorDtype.F16:
                var halves = MemoryMarshal.Cast<byte, Half>(source);
                for (var i = 0; i < halves.Length; i++)
                {
                    destination[i] = (float)halves[i];
                }

                break;
            case TensorDtype.F64:
                for (var i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(source[(i * 8)..]);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Only floating-point types convert.");
        }
    }

    /// <summary>Rounds to the nearest bf16, ties to even.</summary>
    public static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)((bits >> 16) | 0x40)
            : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
