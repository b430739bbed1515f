using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static VibeVoice.Native.Int8Panels;

namespace VibeVoice.Native;

/// <summary>The product of a panel of 8-bit weights with some rows of a tile by AVX2: a method for each number of rows.</summary>
/// <remarks>
/// Sixteen registers hold the sums of a block for five rows, with two weights and an activation; sums over blocks are kept where
/// the product goes. A weight is widened once for all rows of a call. Weights are asked for one block ahead: the processor
/// itself asks too late for so much arithmetic on a line, and further ahead costs again (docs/log.md).
/// </remarks>
internal static unsafe class Int8NarrowProduct
{
    private const int Ahead = BlockBytes;
    private const int Half = Outputs / 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Rows1(byte* panel, int blocks, short* x, float* scales, float* y)
    {
        var (sum0, sum1) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (c, d) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var end = x + Block; x < end; x += 4)
            {
                Sse.Prefetch0(panel + Ahead);
                var pair = Pair(x);
                a += Product(Lower(panel), pair);
                b += Product(Upper(panel), pair);
                pair = Pair(x + 2);
                c += Product(Lower(panel + PairBytes), pair);
                d += Product(Upper(panel + PairBytes), pair);
                panel += 2 * PairBytes;
            }

            Sse.Prefetch0(panel + Ahead);
            sum0 = Scale(sum0, a + c, Vector256.Load((float*)panel), *scales);
            sum1 = Scale(sum1, b + d, Vector256.Load((float*)panel + Half), *scales);
            panel += BlockBytes - WeightBytes;
            scales++;
        }

        sum0.Store(y);
        sum1.Store(y + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Rows2(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var (sum0, sum1) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (sum2, sum3) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (c, d) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var end = x + Block; x < end; x += 4)
            {
                Sse.Prefetch0(panel + Ahead);
                var (lower, upper) = (Lower(panel), Upper(panel));
                Add(ref a, ref b, lower, upper, x);
                Add(ref c, ref d, lower, upper, x + Block);
                (lower, upper) = (Lower(panel + PairBytes), Upper(panel + PairBytes));
                Add(ref a, ref b, lower, upper, x + 2);
                Add(ref c, ref d, lower, upper, x + Block + 2);
                panel += 2 * PairBytes;
            }

            Sse.Prefetch0(panel + Ahead);
            var (first, second) = (Vector256.Load((float*)panel), Vector256.Load((float*)panel + Half));
            sum0 = Scale(sum0, a, first, scales[0]);
            sum1 = Scale(sum1, b, second, scales[0]);
            sum2 = Scale(sum2, c, first, scales[1]);
            sum3 = Scale(sum3, d, second, scales[1]);
            panel += BlockBytes - WeightBytes;
            x += Block;
            scales += 2;
        }

        sum0.Store(y);
        sum1.Store(y + Half);
        sum2.Store(y + stride);
        sum3.Store(y + stride + Half);
    }

    /// <param name="slots">Of the tile, 4 or more, of which it takes four.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Rows4(byte* panel, int blocks, short* x, float* scales, int slots, float* y, int stride)
    {
        Clear(y, 4, stride);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (c, d) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (e, f) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (g, h) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var end = x + Block; x < end; x += 4)
            {
                Sse.Prefetch0(panel + Ahead);
                var (lower, upper) = (Lower(panel), Upper(panel));
                Add(ref a, ref b, lower, upper, x);
                Add(ref c, ref d, lower, upper, x + Block);
                Add(ref e, ref f, lower, upper, x + (2 * Block));
                Add(ref g, ref h, lower, upper, x + (3 * Block));
                (lower, upper) = (Lower(panel + PairBytes), Upper(panel + PairBytes));
                Add(ref a, ref b, lower, upper, x + 2);
                Add(ref c, ref d, lower, upper, x + Block + 2);
                Add(ref e, ref f, lower, upper, x + (2 * Block) + 2);
                Add(ref g, ref h, lower, upper, x + (3 * Block) + 2);
                panel += 2 * PairBytes;
            }

            Sse.Prefetch0(panel + Ahead);
            Scale(y, a, b, (float*)panel, scales[0]);
            Scale(y + stride, c, d, (float*)panel, scales[1]);
            Scale(y + (2 * stride), e, f, (float*)panel, scales[2]);
            Scale(y + (3 * stride), g, h, (float*)panel, scales[3]);
            panel += BlockBytes - WeightBytes;
            x += (slots - 1) * Block;
            scales += slots;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Rows5(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        Clear(y, 5, stride);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (c, d) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (e, f) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (g, h) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (i, j) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var end = x + Block; x < end; x += 4)
            {
                Sse.Prefetch0(panel + Ahead);
                var (lower, upper) = (Lower(panel), Upper(panel));
                Add(ref a, ref b, lower, upper, x);
                Add(ref c, ref d, lower, upper, x + Block);
                Add(ref e, ref f, lower, upper, x + (2 * Block));
                Add(ref g, ref h, lower, upper, x + (3 * Block));
                Add(ref i, ref j, lower, upper, x + (4 * Block));
                (lower, upper) = (Lower(panel + PairBytes), Upper(panel + PairBytes));
                Add(ref a, ref b, lower, upper, x + 2);
                Add(ref c, ref d, lower, upper, x + Block + 2);
                Add(ref e, ref f, lower, upper, x + (2 * Block) + 2);
                Add(ref g, ref h, lower, upper, x + (3 * Block) + 2);
                Add(ref i, ref j, lower, upper, x + (4 * Block) + 2);
                panel += 2 * PairBytes;
            }

            Sse.Prefetch0(panel + Ahead);
            Scale(y, a, b, (float*)panel, scales[0]);
            Scale(y + stride, c, d, (float*)panel, scales[1]);
            Scale(y + (2 * stride), e, f, (float*)panel, scales[2]);
            Scale(y + (3 * stride), g, h, (float*)panel, scales[3]);
            Scale(y + (4 * stride), i, j, (float*)panel, scales[4]);
            panel += BlockBytes - WeightBytes;
            x += 4 * Block;
            scales += 5;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        ref Vector256<int> first,
        ref Vector256<int> second,
        Vector256<short> lower,
        Vector256<short> upper,
        short* x
    )
    {
        var pair = Pair(x);
        first += Product(lower, pair);
        second += Product(upper, pair);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Product(Vector256<short> weights, Vector256<short> pair) =>
        Avx2.MultiplyAddAdjacent(weights, pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Lower(byte* weights) => Avx2.ConvertToVector256Int16((sbyte*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Upper(byte* weights) =>
        Avx2.ConvertToVector256Int16((sbyte*)weights + (PairBytes / 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair(short* x) => Vector256.Create(*(int*)x).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(
        Vector256<float> sum,
        Vector256<int> block,
        Vector256<float> weights,
        float x
    ) => Vector256.MultiplyAddEstimate(Vector256.ConvertToSingle(block), weights * Vector256.Create(x), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(float* y, Vector256<int> first, Vector256<int> second, float* factors, float x)
    {
        Scale(Vector256.Load(y), first, Vector256.Load(factors), x).Store(y);
        Scale(Vector256.Load(y + Half), second, Vector256.Load(factors + Half), x).Store(y + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(float* y, int rows, int stride)
    {
        for (var row = 0; row < rows; row++)
        {
            Vector256<float>.Zero.Store(y + (row * stride));
            Vector256<float>.Zero.Store(y + (row * stride) + Half);
        }
    }
}
