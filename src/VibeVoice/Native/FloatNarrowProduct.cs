using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>The product of a panel of bf16 or float32 with some rows, in vectors of eight: a method for each number of rows.</summary>
/// <remarks>Sixteen registers hold the sums of three rows, two weights and an activation. The sums are those of <see cref="FloatWideProduct"/>.</remarks>
internal static unsafe class FloatNarrowProduct
{
    private const int Ahead = 1024;
    private const int Half = Panels.Outputs / 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1<T>(byte* panel, int inputs, float* x, float* y)
        where T : struct, IFloatWeights
    {
        var (a, b) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (c, d) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            FloatPanels.Prefetch<T>(panel + Ahead);
            var (lower, upper) = T.Narrow(panel);
            Add(ref a, ref b, lower, upper, x[k]);
            (lower, upper) = T.Narrow(panel + T.Size);
            Add(ref c, ref d, lower, upper, x[k + 1]);
            panel += 2 * T.Size;
        }

        if (k < inputs)
        {
            var (lower, upper) = T.Narrow(panel);
            Add(ref a, ref b, lower, upper, x[k]);
        }

        (a + c).Store(y);
        (b + d).Store(y + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2<T>(byte* panel, int inputs, float* x, int xStride, float* y, int yStride)
        where T : struct, IFloatWeights
    {
        var (a, b) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (c, d) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (e, f) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (g, h) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var x1 = x + xStride;
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            FloatPanels.Prefetch<T>(panel + Ahead);
            var (lower, upper) = T.Narrow(panel);
            Add(ref a, ref b, lower, upper, x[k]);
            Add(ref e, ref f, lower, upper, x1[k]);
            (lower, upper) = T.Narrow(panel + T.Size);
            Add(ref c, ref d, lower, upper, x[k + 1]);
            Add(ref g, ref h, lower, upper, x1[k + 1]);
            panel += 2 * T.Size;
        }

        if (k < inputs)
        {
            var (lower, upper) = T.Narrow(panel);
            Add(ref a, ref b, lower, upper, x[k]);
            Add(ref e, ref f, lower, upper, x1[k]);
        }

        (a + c).Store(y);
        (b + d).Store(y + Half);
        (e + g).Store(y + yStride);
        (f + h).Store(y + yStride + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows3<T>(byte* panel, int inputs, float* x, int xStride, float* y, int yStride)
        where T : struct, IFloatWeights
    {
        var (a, b) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (c, d) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (e, f) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (g, h) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (i, j) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (l, m) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var x1 = x + xStride;
        var x2 = x1 + xStride;
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            FloatPanels.Prefetch<T>(panel + Ahead);
            var (lower, upper) = T.Narrow(panel);
            Add(ref a, ref b, lower, upper, x[k]);
            Add(ref e, ref f, lower, upper, x1[k]);
            Add(ref i, ref j, lower, upper, x2[k]);
            (lower, upper) = T.Narrow(panel + T.Size);
            Add(ref c, ref d, lower, upper, x[k + 1]);
            Add(ref g, ref h, lower, upper, x1[k + 1]);
            Add(ref l, ref m, lower, upper, x2[k + 1]);
            panel += 2 * T.Size;
        }

        if (k < inputs)
        {
            var (lower, upper) = T.Narrow(panel);
            Add(ref a, ref b, lower, upper, x[k]);
            Add(ref e, ref f, lower, upper, x1[k]);
            Add(ref i, ref j, lower, upper, x2[k]);
        }

        (a + c).Store(y);
        (b + d).Store(y + Half);
        (e + g).Store(y + yStride);
        (f + h).Store(y + yStride + Half);
        (i + l).Store(y + (2 * yStride));
        (j + m).Store(y + (2 * yStride) + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        ref Vector256<float> first,
        ref Vector256<float> second,
        Vector256<float> lower,
        Vector256<float> upper,
        float x
    )
    {
        var wide = Vector256.Create(x);
        first = Vector256.MultiplyAddEstimate(lower, wide, first);
        second = Vector256.MultiplyAddEstimate(upper, wide, second);
    }
}
