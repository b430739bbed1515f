using System.Runtime.Intrinsics.X86;

namespace VibeVoice.Native;

/// <summary>Weights of 8 bits in the order in which they are multiplied, and the product with activations of 16 bits.</summary>
/// <remarks>
/// A panel is 16 outputs. It runs through the inputs in blocks of 64; a block is 32 pairs of inputs, each pair the weights of
/// 16 outputs (<c>[pair, output, 2]</c>, int8), and then 16 float32 scales: 17 cache lines, read front to back. A lane of a
/// vector is an output, so nothing is summed across lanes, and every processor gets the same numbers: within a block the sum
/// is exact (64 · 127 · 32767 fits in int32), and blocks are summed up in their order.
/// </remarks>
internal static unsafe class Int8Panels
{
    public const int Block = 64;
    public const int Outputs = Panels.Outputs;

    /// <summary>Bytes of a block of a panel: weights, then scales.</summary>
    public const int BlockBytes = (Block * Outputs) + (Outputs * sizeof(float));

    /// <summary>Bytes of the weights of a pair of inputs.</summary>
    public const int PairBytes = 2 * Outputs;

    /// <summary>Bytes of a block before its scales.</summary>
    public const int WeightBytes = Block * Outputs;

    /// <summary>Writes a block of one output into a block of a panel.</summary>
    public static void Place(ReadOnlySpan<sbyte> weights, float scale, int output, byte* block)
    {
        for (var input = 0; input < Block; input++)
        {
            ((sbyte*)block)[Place(input, output)] = weights[input];
        }

        ((float*)(block + WeightBytes))[output] = scale;
    }

    private static int Place(int input, int output) => (((input / 2 * Outputs) + output) * 2) + (input % 2);

    /// <summary>Computes one panel for all rows.</summary>
    /// <param name="panel">Its blocks.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="x">Activations in tiles: <see cref="ActivationTiles"/>.</param>
    /// <param name="scales">Of the activations, in the same tiles.</param>
    /// <param name="rows">Rows of activations; the first begins a tile, and those at the end of it are all there are.</param>
    /// <param name="y">Where 16 outputs of each row go. Of the last tile the rows of all its slots are written.</param>
    /// <param name="stride">From a row of y to the next.</param>
    public static void Multiply(byte* panel, int blocks, short* x, float* scales, int rows, float* y, int stride)
    {
        for (; rows > 0; rows -= ActivationTiles.Rows)
        {
            var ofTile = Math.Min(rows, ActivationTiles.Rows);
            MultiplyTile(panel, blocks, x, scales, ofTile, y, stride);
            x += (nint)ofTile * blocks * Block;
            scales += (nint)ofTile * blocks;
            y += (nint)ofTile * stride;
        }
    }

    private static void MultiplyTile(byte* panel, int blocks, short* x, float* scales, int rows, float* y, int stride)
    {
        var slots = ActivationTiles.SlotsOf(rows);
        if (Avx512BW.IsSupported)
        {
            MultiplyWide(panel, blocks, x, scales, slots, y, stride);
        }
        else if (Avx2.IsSupported)
        {
            MultiplyNarrow(panel, blocks, x, scales, slots, y, stride);
        }
        else
        {
            for (var row = 0; row < rows; row++)
            {
                Plain(panel, blocks, x + (row * Block), scales + row, slots, y + (row * stride));
            }
        }
    }

    private static void MultiplyWide(byte* panel, int blocks, short* x, float* scales, int slots, float* y, int stride)
    {
        switch (slots)
        {
            case 1:
                Int8WideProduct.Rows1(panel, blocks, x, scales, y);
                break;
            case 2:
                Int8WideProduct.Rows2(panel, blocks, x, scales, y, stride);
                break;
            case 4:
                Int8WideProduct.Rows4(panel, blocks, x, scales, y, stride);
                break;
            case 5:
                Int8WideProduct.Rows5(panel, blocks, x, scales, y, stride);
                break;
            default:
                Int8WideProduct.Rows8(panel, blocks, x, scales, y, stride);
                break;
        }
    }

    private static void MultiplyNarrow(
        byte* panel,
        int blocks,
        short* x,
        float* scales,
        int slots,
        float* y,
        int stride
    )
    {
        switch (slots)
        {
            case 1:
                Int8NarrowProduct.Rows1(panel, blocks, x, scales, y);
                break;
            case 2:
                Int8NarrowProduct.Rows2(panel, blocks, x, scales, y, stride);
                break;
            case 4:
                Int8NarrowProduct.Rows4(panel, blocks, x, scales, slots, y, stride);
                break;
            case 5:
                Int8NarrowProduct.Rows5(panel, blocks, x, scales, y, stride);
                break;
            default: // for eight sums there are not registers enough
                Int8NarrowProduct.Rows4(panel, blocks, x, scales, slots, y, stride);
                Int8NarrowProduct.Rows4(panel, blocks, x + (4 * Block), scales + 4, slots, y + (4 * stride), stride);
                break;
        }
    }

    /// <summary>For processors without such vectors: right, and slow.</summary>
    private static void Plain(byte* panel, int blocks, short* x, float* scales, int slots, float* y)
    {
        new Span<float>(y, Outputs).Clear();
        for (var block = 0; block < blocks; block++, panel += BlockBytes)
        {
            var factors = (float*)(panel + WeightBytes);
            for (var output = 0; output < Outputs; output++)
            {
                var sum = 0;
                for (var input = 0; input < Block; input++)
                {
                    sum += ((sbyte*)panel)[Place(input, output)] * x[input];
                }

                y[output] = MathF.FusedMultiplyAdd(sum, factors[output] * *scales, y[output]);
            }

            x += slots * Block;
            scales += slots;
        }
    }
}
