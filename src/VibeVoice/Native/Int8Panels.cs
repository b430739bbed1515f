using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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

    private const int Pairs = Block / 2;
    private const int PairBytes = 2 * Outputs;
    private const int WeightBytes = Block * Outputs;

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

    // AggressiveOptimization: published code knows no wide vectors, and the first frame would wait for better code.

    /// <summary>Computes one panel for all rows.</summary>
    /// <param name="panel">Its blocks.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="x">Activations, <c>[rows, blocks · 64]</c>.</param>
    /// <param name="scales">Of the activations, <c>[rows, blocks]</c>.</param>
    /// <param name="rows">Rows of activations.</param>
    /// <param name="y">Where 16 outputs of each row go.</param>
    /// <param name="stride">From a row of y to the next.</param>
    public static void Multiply(byte* panel, int blocks, short* x, float* scales, int rows, float* y, int stride)
    {
        var width = (nint)blocks * Block;
        for (var row = 0; row < rows; )
        {
            var tile = Tile(rows - row);
            var xs = x + (row * width);
            var factors = scales + ((nint)row * blocks);
            var ys = y + ((nint)row * stride);
            row += tile;
            switch (tile)
            {
                case 8:
                    Wide8(panel, blocks, xs, factors, ys, stride);
                    break;
                case 5:
                    Wide5(panel, blocks, xs, factors, ys, stride);
                    break;
                case 4:
                    Wide4(panel, blocks, xs, factors, ys, stride);
                    break;
                case 2 when Avx512BW.IsSupported:
                    Wide2(panel, blocks, xs, factors, ys, stride);
                    break;
                case 2:
                    Narrow2(panel, blocks, xs, factors, ys, stride);
                    break;
                case 1 when Avx512BW.IsSupported:
                    Wide1(panel, blocks, xs, factors, ys);
                    break;
                case 1 when Avx2.IsSupported:
                    Narrow1(panel, blocks, xs, factors, ys);
                    break;
                default:
                    Plain(panel, blocks, xs, factors, ys);
                    break;
            }
        }
    }

    private static int Tile(int rows) =>
        Avx512BW.IsSupported
            ? rows switch
            {
                >= 8 => 8,
                5 => 5, // a window of text
                >= 4 => 4,
                >= 2 => 2,
                _ => 1,
            }
        : Avx2.IsSupported && rows >= 2 ? 2
        : 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide1(byte* panel, int blocks, short* x, float* scales, float* y)
    {
        var sum = Vector512<float>.Zero;
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector512<int>.Zero, Vector512<int>.Zero);
            var pairs = (int*)x;
            for (var pair = 0; pair < Pairs; pair += 2)
            {
                a += Avx512BW.MultiplyAddAdjacent(WideWeights(panel), Pair(pairs));
                b += Avx512BW.MultiplyAddAdjacent(WideWeights(panel + PairBytes), Pair(pairs + 1));
                panel += 2 * PairBytes;
                pairs += 2;
            }

            sum = Scale(sum, a + b, Vector512.Load((float*)panel), scales[block]);
            panel += BlockBytes - WeightBytes;
            x += Block;
        }

        sum.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide2(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var x1 = x + ((nint)blocks * Block);
        var scales1 = scales + blocks;
        var (sum0, sum1) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector512<int>.Zero, Vector512<int>.Zero);
            for (var input = 0; input < Block; input += 4)
            {
                var weights = WideWeights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + input));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x1 + input));
                weights = WideWeights(panel + PairBytes);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + input + 2));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x1 + input + 2));
                panel += 2 * PairBytes;
            }

            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a, factors, scales[block]);
            sum1 = Scale(sum1, b, factors, scales1[block]);
            panel += BlockBytes - WeightBytes;
            x += Block;
            x1 += Block;
        }

        sum0.Store(y);
        sum1.Store(y + stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide4(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var width = (nint)blocks * Block;
        var (sum0, sum1) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum2, sum3) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b, c, d) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            for (var input = 0; input < Block; input += 2)
            {
                var weights = WideWeights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + input));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + width + input));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * width) + input));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (3 * width) + input));
                panel += PairBytes;
            }

            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a, factors, scales[block]);
            sum1 = Scale(sum1, b, factors, scales[block + blocks]);
            sum2 = Scale(sum2, c, factors, scales[block + (2 * blocks)]);
            sum3 = Scale(sum3, d, factors, scales[block + (3 * blocks)]);
            panel += BlockBytes - WeightBytes;
            x += Block;
        }

        sum0.Store(y);
        sum1.Store(y + stride);
        sum2.Store(y + (2 * stride));
        sum3.Store(y + (3 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide5(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var width = (nint)blocks * Block;
        var (sum0, sum1) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum2, sum3) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var sum4 = Vector512<float>.Zero;
        for (var block = 0; block < blocks; block++)
        {
            var (a, b, c, d) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            var e = Vector512<int>.Zero;
            for (var input = 0; input < Block; input += 2)
            {
                var weights = WideWeights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + input));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + width + input));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * width) + input));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (3 * width) + input));
                e += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (4 * width) + input));
                panel += PairBytes;
            }

            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a, factors, scales[block]);
            sum1 = Scale(sum1, b, factors, scales[block + blocks]);
            sum2 = Scale(sum2, c, factors, scales[block + (2 * blocks)]);
            sum3 = Scale(sum3, d, factors, scales[block + (3 * blocks)]);
            sum4 = Scale(sum4, e, factors, scales[block + (4 * blocks)]);
            panel += BlockBytes - WeightBytes;
            x += Block;
        }

        sum0.Store(y);
        sum1.Store(y + stride);
        sum2.Store(y + (2 * stride));
        sum3.Store(y + (3 * stride));
        sum4.Store(y + (4 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide8(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var width = (nint)blocks * Block;
        var (sum0, sum1) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum2, sum3) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum4, sum5) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum6, sum7) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var x3 = x + (3 * width);
        var x6 = x + (6 * width);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b, c, d) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            var (e, f, g, h) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            for (var input = 0; input < Block; input += 2)
            {
                var weights = WideWeights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + input));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + width + input));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * width) + input));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x3 + input));
                e += Avx512BW.MultiplyAddAdjacent(weights, Pair(x3 + width + input));
                f += Avx512BW.MultiplyAddAdjacent(weights, Pair(x3 + (2 * width) + input));
                g += Avx512BW.MultiplyAddAdjacent(weights, Pair(x6 + input));
                h += Avx512BW.MultiplyAddAdjacent(weights, Pair(x6 + width + input));
                panel += PairBytes;
            }

            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a, factors, scales[block]);
            sum1 = Scale(sum1, b, factors, scales[block + blocks]);
            sum2 = Scale(sum2, c, factors, scales[block + (2 * blocks)]);
            sum3 = Scale(sum3, d, factors, scales[block + (3 * blocks)]);
            sum4 = Scale(sum4, e, factors, scales[block + (4 * blocks)]);
            sum5 = Scale(sum5, f, factors, scales[block + (5 * blocks)]);
            sum6 = Scale(sum6, g, factors, scales[block + (6 * blocks)]);
            sum7 = Scale(sum7, h, factors, scales[block + (7 * blocks)]);
            panel += BlockBytes - WeightBytes;
            x += Block;
            x3 += Block;
            x6 += Block;
        }

        sum0.Store(y);
        sum1.Store(y + stride);
        sum2.Store(y + (2 * stride));
        sum3.Store(y + (3 * stride));
        sum4.Store(y + (4 * stride));
        sum5.Store(y + (5 * stride));
        sum6.Store(y + (6 * stride));
        sum7.Store(y + (7 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Narrow1(byte* panel, int blocks, short* x, float* scales, float* y)
    {
        var (sum0, sum1) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var input = 0; input < Block; input += 2)
            {
                var pair = NarrowPair(x + input);
                a += Avx2.MultiplyAddAdjacent(NarrowWeights(panel), pair);
                b += Avx2.MultiplyAddAdjacent(NarrowWeights(panel + (PairBytes / 2)), pair);
                panel += PairBytes;
            }

            sum0 = Scale(sum0, a, Vector256.Load((float*)panel), scales[block]);
            sum1 = Scale(sum1, b, Vector256.Load((float*)panel + 8), scales[block]);
            panel += BlockBytes - WeightBytes;
            x += Block;
        }

        sum0.Store(y);
        sum1.Store(y + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Narrow2(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var x1 = x + ((nint)blocks * Block);
        var scales1 = scales + blocks;
        var (sum0, sum1) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (sum2, sum3) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (c, d) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var input = 0; input < Block; input += 2)
            {
                var (first, second) = (NarrowWeights(panel), NarrowWeights(panel + (PairBytes / 2)));
                var pair = NarrowPair(x + input);
                a += Avx2.MultiplyAddAdjacent(first, pair);
                b += Avx2.MultiplyAddAdjacent(second, pair);
                pair = NarrowPair(x1 + input);
                c += Avx2.MultiplyAddAdjacent(first, pair);
                d += Avx2.MultiplyAddAdjacent(second, pair);
                panel += PairBytes;
            }

            var (lower, upper) = (Vector256.Load((float*)panel), Vector256.Load((float*)panel + 8));
            sum0 = Scale(sum0, a, lower, scales[block]);
            sum1 = Scale(sum1, b, upper, scales[block]);
            sum2 = Scale(sum2, c, lower, scales1[block]);
            sum3 = Scale(sum3, d, upper, scales1[block]);
            panel += BlockBytes - WeightBytes;
            x += Block;
            x1 += Block;
        }

        sum0.Store(y);
        sum1.Store(y + 8);
        sum2.Store(y + stride);
        sum3.Store(y + stride + 8);
    }

    /// <summary>For processors without such vectors: right, and slow.</summary>
    private static void Plain(byte* panel, int blocks, short* x, float* scales, float* y)
    {
        new Span<float>(y, Outputs).Clear();
        for (var block = 0; block < blocks; block++, panel += BlockBytes, x += Block)
        {
            var factors = (float*)(panel + WeightBytes);
            for (var output = 0; output < Outputs; output++)
            {
                var sum = 0;
                for (var input = 0; input < Block; input++)
                {
                    sum += ((sbyte*)panel)[Place(input, output)] * x[input];
                }

                y[output] = MathF.FusedMultiplyAdd(sum, factors[output] * scales[block], y[output]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> WideWeights(byte* weights) =>
        Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> NarrowWeights(byte* weights) => Avx2.ConvertToVector256Int16((sbyte*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pair(void* x) => Vector512.Create(*(int*)x).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> NarrowPair(void* x) => Vector256.Create(*(int*)x).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scale(
        Vector512<float> sum,
        Vector512<int> block,
        Vector512<float> weights,
        float x
    ) => Vector512.MultiplyAddEstimate(Vector512.ConvertToSingle(block), weights * Vector512.Create(x), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(
        Vector256<float> sum,
        Vector256<int> block,
        Vector256<float> weights,
        float x
    ) => Vector256.MultiplyAddEstimate(Vector256.ConvertToSingle(block), weights * Vector256.Create(x), sum);
}
