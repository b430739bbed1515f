using System.Numerics.Tensors;

namespace VibeVoice.Native;

/// <summary>Puts rows of float32 weights into panels.</summary>
/// <remarks>
/// Symmetric and to the nearest: the largest of a block becomes 127, or 7. A block's scale is of one output, so an
/// output with small weights loses nothing to its neighbours.
/// </remarks>
internal static unsafe class PanelWriter
{
    private const int Int8Limit = 127;
    private const int Int4Limit = 7;

    /// <summary>Writes one panel.</summary>
    /// <param name="format">How.</param>
    /// <param name="rows"><c>[16, inputs]</c>; rows of outputs that there are not are zero.</param>
    /// <param name="inputs">Columns of a row.</param>
    /// <param name="panel">Where to, <see cref="Panels.BytesOf"/> long.</param>
    /// <exception cref="NotFiniteNumberException">A weight is not a number.</exception>
    public static void Write(PanelFormat format, ReadOnlySpan<float> rows, int inputs, byte* panel)
    {
        if (!TensorPrimitives.IsFiniteAll(rows))
        {
            throw new NotFiniteNumberException();
        }

        switch (format)
        {
            case PanelFormat.Float32:
                WriteFloats(rows, inputs, (float*)panel);
                break;
            case PanelFormat.BFloat16:
                WriteBFloat16(rows, inputs, (ushort*)panel);
                break;
            default:
                for (var output = 0; output < Panels.Outputs; output++)
                {
                    WriteBlocks(format, rows.Slice(output * inputs, inputs), output, panel);
                }

                break;
        }
    }

    private static void WriteFloats(ReadOnlySpan<float> rows, int inputs, float* panel)
    {
        for (var output = 0; output < Panels.Outputs; output++)
        {
            for (var input = 0; input < inputs; input++)
            {
                panel[(input * Panels.Outputs) + output] = rows[(output * inputs) + input];
            }
        }
    }

    private static void WriteBFloat16(ReadOnlySpan<float> rows, int inputs, ushort* panel)
    {
        for (var output = 0; output < Panels.Outputs; output++)
        {
            for (var input = 0; input < inputs; input++)
            {
                panel[(input * Panels.Outputs) + output] = (ushort)(
                    BitConverter.SingleToUInt32Bits(rows[(output * inputs) + input]) >> 16
                );
            }
        }
    }

    private static void WriteBlocks(PanelFormat format, ReadOnlySpan<float> row, int output, byte* panel)
    {
        var (limit, size) =
            format == PanelFormat.Int8 ? (Int8Limit, Int8Panels.BlockBytes) : (Int4Limit, Int4Panels.BlockBytes);
        Span<sbyte> numbers = stackalloc sbyte[Int8Panels.Block];
        for (; !row.IsEmpty; row = row[Math.Min(Int8Panels.Block, row.Length)..], panel += size)
        {
            var block = row[..Math.Min(Int8Panels.Block, row.Length)];
            var scale = Math.Abs(TensorPrimitives.MaxMagnitude(block)) / limit;
            numbers.Clear();
            for (var i = 0; i < block.Length && scale > 0; i++)
            {
                numbers[i] = (sbyte)Math.Clamp(MathF.Round(block[i] / scale), -limit, limit);
            }

            if (format == PanelFormat.Int8)
            {
                Int8Panels.Place(numbers, scale, output, panel);
            }
            else
            {
                Int4Panels.Place(numbers, scale, output, panel);
            }
        }
    }
}
