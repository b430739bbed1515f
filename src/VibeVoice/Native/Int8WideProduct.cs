using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static VibeVoice.Native.Int8Panels;

namespace VibeVoice.Native;

/// <summary>The product of a panel of 8-bit weights with a tile of rows by AVX-512: a method for each number of rows.</summary>
/// <remarks>
/// Written out, so that every sum has a register and every activation an address that the instruction holds. With four rows
/// and more, arithmetic and memory take about the same time, and the processor's own prefetching is late at the ends of pages:
/// asked for in time, 896 outputs of 4,864 inputs take half as long.
/// </remarks>
internal static unsafe class Int8WideProduct
{
    private const int Ahead = 4 * BlockBytes;

    // AggressiveOptimization: published code knows no wide vectors, and the first frame would wait for better code.

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1(byte* panel, int blocks, short* x, float* scales, float* y)
    {
        var sum0 = Vector512<float>.Zero;
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector512<int>.Zero, Vector512<int>.Zero);
            for (var end = x + Block; x < end; x += 4)
            {
                var weights = Weights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x));
                weights = Weights(panel + PairBytes);
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + 2));
                panel += 2 * PairBytes;
            }

            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a + b, factors, *scales);
            panel += BlockBytes - WeightBytes;
            scales++;
        }

        sum0.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var (sum0, sum1) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b, c, d) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            for (var end = x + Block; x < end; x += 4)
            {
                var weights = Weights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + Block));
                weights = Weights(panel + PairBytes);
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + 2));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + Block + 2));
                panel += 2 * PairBytes;
            }

            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a + c, factors, scales[0]);
            sum1 = Scale(sum1, b + d, factors, scales[1]);
            panel += BlockBytes - WeightBytes;
            x += Block;
            scales += 2;
        }

        sum0.Store(y);
        sum1.Store(y + stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var (sum0, sum1) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum2, sum3) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b, c, d) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            for (var end = x + Block; x < end; x += 4)
            {
                Sse.Prefetch0(panel + Ahead);
                var weights = Weights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + Block));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * Block)));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (3 * Block)));
                weights = Weights(panel + PairBytes);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + 2));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + Block + 2));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * Block) + 2));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (3 * Block) + 2));
                panel += 2 * PairBytes;
            }

            Sse.Prefetch0(panel + Ahead);
            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a, factors, scales[0]);
            sum1 = Scale(sum1, b, factors, scales[1]);
            sum2 = Scale(sum2, c, factors, scales[2]);
            sum3 = Scale(sum3, d, factors, scales[3]);
            panel += BlockBytes - WeightBytes;
            x += 3 * Block;
            scales += 4;
        }

        sum0.Store(y);
        sum1.Store(y + stride);
        sum2.Store(y + (2 * stride));
        sum3.Store(y + (3 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows5(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var (sum0, sum1) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum2, sum3) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var sum4 = Vector512<float>.Zero;
        for (var block = 0; block < blocks; block++)
        {
            var (a, b, c, d) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            var e = Vector512<int>.Zero;
            for (var end = x + Block; x < end; x += 4)
            {
                Sse.Prefetch0(panel + Ahead);
                var weights = Weights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + Block));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * Block)));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (3 * Block)));
                e += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (4 * Block)));
                weights = Weights(panel + PairBytes);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + 2));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + Block + 2));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * Block) + 2));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (3 * Block) + 2));
                e += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (4 * Block) + 2));
                panel += 2 * PairBytes;
            }

            Sse.Prefetch0(panel + Ahead);
            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a, factors, scales[0]);
            sum1 = Scale(sum1, b, factors, scales[1]);
            sum2 = Scale(sum2, c, factors, scales[2]);
            sum3 = Scale(sum3, d, factors, scales[3]);
            sum4 = Scale(sum4, e, factors, scales[4]);
            panel += BlockBytes - WeightBytes;
            x += 4 * Block;
            scales += 5;
        }

        sum0.Store(y);
        sum1.Store(y + stride);
        sum2.Store(y + (2 * stride));
        sum3.Store(y + (3 * stride));
        sum4.Store(y + (4 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows8(byte* panel, int blocks, short* x, float* scales, float* y, int stride)
    {
        var (sum0, sum1) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum2, sum3) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum4, sum5) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (sum6, sum7) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b, c, d) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            var (e, f, g, h) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
            for (var end = x + Block; x < end; x += 4)
            {
                Sse.Prefetch0(panel + Ahead);
                var weights = Weights(panel);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + Block));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * Block)));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (3 * Block)));
                e += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (4 * Block)));
                f += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (5 * Block)));
                g += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (6 * Block)));
                h += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (7 * Block)));
                weights = Weights(panel + PairBytes);
                a += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + 2));
                b += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + Block + 2));
                c += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (2 * Block) + 2));
                d += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (3 * Block) + 2));
                e += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (4 * Block) + 2));
                f += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (5 * Block) + 2));
                g += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (6 * Block) + 2));
                h += Avx512BW.MultiplyAddAdjacent(weights, Pair(x + (7 * Block) + 2));
                panel += 2 * PairBytes;
            }

            Sse.Prefetch0(panel + Ahead);
            var factors = Vector512.Load((float*)panel);
            sum0 = Scale(sum0, a, factors, scales[0]);
            sum1 = Scale(sum1, b, factors, scales[1]);
            sum2 = Scale(sum2, c, factors, scales[2]);
            sum3 = Scale(sum3, d, factors, scales[3]);
            sum4 = Scale(sum4, e, factors, scales[4]);
            sum5 = Scale(sum5, f, factors, scales[5]);
            sum6 = Scale(sum6, g, factors, scales[6]);
            sum7 = Scale(sum7, h, factors, scales[7]);
            panel += BlockBytes - WeightBytes;
            x += 7 * Block;
            scales += 8;
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Weights(byte* weights) =>
        Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pair(short* x) => Vector512.Create(*(int*)x).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scale(
        Vector512<float> sum,
        Vector512<int> block,
        Vector512<float> weights,
        float x
    ) => Vector512.MultiplyAddEstimate(Vector512.ConvertToSingle(block), weights * Vector512.Create(x), sum);
}
