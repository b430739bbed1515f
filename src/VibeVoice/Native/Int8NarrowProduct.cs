using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static VibeVoice.Native.Int8Panels;

namespace VibeVoice.Native;

/// <summary>The product of a panel of 8-bit weights with one or two rows of a tile by AVX2.</summary>
internal static unsafe class Int8NarrowProduct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1(byte* panel, int blocks, short* x, float* scales, int slots, float* y)
    {
        var (sum0, sum1) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var input = 0; input < Block; input += 2)
            {
                var pair = Pair(x + input);
                a += Avx2.MultiplyAddAdjacent(Weights(panel), pair);
                b += Avx2.MultiplyAddAdjacent(Weights(panel + (PairBytes / 2)), pair);
                panel += PairBytes;
            }

            sum0 = Scale(sum0, a, Vector256.Load((float*)panel), *scales);
            sum1 = Scale(sum1, b, Vector256.Load((float*)panel + 8), *scales);
            panel += BlockBytes - WeightBytes;
            x += slots * Block;
            scales += slots;
        }

        sum0.Store(y);
        sum1.Store(y + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2(byte* panel, int blocks, short* x, float* scales, int slots, float* y, int stride)
    {
        var (sum0, sum1) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (sum2, sum3) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<int>.Zero, Vector256<int>.Zero);
            var (c, d) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var input = 0; input < Block; input += 2)
            {
                var (first, second) = (Weights(panel), Weights(panel + (PairBytes / 2)));
                var pair = Pair(x + input);
                a += Avx2.MultiplyAddAdjacent(first, pair);
                b += Avx2.MultiplyAddAdjacent(second, pair);
                pair = Pair(x + Block + input);
                c += Avx2.MultiplyAddAdjacent(first, pair);
                d += Avx2.MultiplyAddAdjacent(second, pair);
                panel += PairBytes;
            }

            var (lower, upper) = (Vector256.Load((float*)panel), Vector256.Load((float*)panel + 8));
            sum0 = Scale(sum0, a, lower, *scales);
            sum1 = Scale(sum1, b, upper, *scales);
            sum2 = Scale(sum2, c, lower, scales[1]);
            sum3 = Scale(sum3, d, upper, scales[1]);
            panel += BlockBytes - WeightBytes;
            x += slots * Block;
            scales += slots;
        }

        sum0.Store(y);
        sum1.Store(y + 8);
        sum2.Store(y + stride);
        sum3.Store(y + stride + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Weights(byte* weights) => Avx2.ConvertToVector256Int16((sbyte*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair(short* x) => Vector256.Create(*(int*)x).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(
        Vector256<float> sum,
        Vector256<int> block,
        Vector256<float> weights,
        float x
    ) => Vector256.MultiplyAddEstimate(Vector256.ConvertToSingle(block), weights * Vector256.Create(x), sum);
}
