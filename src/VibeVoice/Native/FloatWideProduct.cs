using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>The product of a panel of bf16 or float32 with some rows, in vectors of sixteen: a method for each number of rows.</summary>
/// <remarks>
/// Written out as <see cref="Int8WideProduct"/> is, and for the same reasons. Even and odd inputs are summed up apart, whatever the
/// rows: two chains for one row, and not more than sixteen sums for eight.
/// </remarks>
internal static unsafe class FloatWideProduct
{
    private const int Ahead = 8192;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1<T>(byte* panel, int inputs, float* x, float* y)
        where T : struct, IFloatWeights
    {
        var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            weights = T.Wide(panel + T.Size);
            b = Add(b, weights, x[k + 1]);
            panel += 2 * T.Size;
        }

        if (k < inputs)
        {
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
        }

        (a + b).Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2<T>(byte* panel, int inputs, float* x, int xStride, float* y, int yStride)
        where T : struct, IFloatWeights
    {
        var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (c, d) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var x1 = x + xStride;
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            FloatPanels.Prefetch<T>(panel + Ahead);
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            b = Add(b, weights, x1[k]);
            weights = T.Wide(panel + T.Size);
            c = Add(c, weights, x[k + 1]);
            d = Add(d, weights, x1[k + 1]);
            panel += 2 * T.Size;
        }

        if (k < inputs)
        {
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            b = Add(b, weights, x1[k]);
        }

        (a + c).Store(y);
        (b + d).Store(y + yStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4<T>(byte* panel, int inputs, float* x, int xStride, float* y, int yStride)
        where T : struct, IFloatWeights
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (e, f, g, h) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var x1 = x + xStride;
        var x2 = x1 + xStride;
        var x3 = x2 + xStride;
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            FloatPanels.Prefetch<T>(panel + Ahead);
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            b = Add(b, weights, x1[k]);
            c = Add(c, weights, x2[k]);
            d = Add(d, weights, x3[k]);
            weights = T.Wide(panel + T.Size);
            e = Add(e, weights, x[k + 1]);
            f = Add(f, weights, x1[k + 1]);
            g = Add(g, weights, x2[k + 1]);
            h = Add(h, weights, x3[k + 1]);
            panel += 2 * T.Size;
        }

        if (k < inputs)
        {
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            b = Add(b, weights, x1[k]);
            c = Add(c, weights, x2[k]);
            d = Add(d, weights, x3[k]);
        }

        (a + e).Store(y);
        (b + f).Store(y + yStride);
        (c + g).Store(y + (2 * yStride));
        (d + h).Store(y + (3 * yStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows5<T>(byte* panel, int inputs, float* x, int xStride, float* y, int yStride)
        where T : struct, IFloatWeights
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (f, g, h, i) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var e = Vector512<float>.Zero;
        var j = Vector512<float>.Zero;
        var x1 = x + xStride;
        var x2 = x1 + xStride;
        var x3 = x2 + xStride;
        var x4 = x3 + xStride;
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            FloatPanels.Prefetch<T>(panel + Ahead);
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            b = Add(b, weights, x1[k]);
            c = Add(c, weights, x2[k]);
            d = Add(d, weights, x3[k]);
            e = Add(e, weights, x4[k]);
            weights = T.Wide(panel + T.Size);
            f = Add(f, weights, x[k + 1]);
            g = Add(g, weights, x1[k + 1]);
            h = Add(h, weights, x2[k + 1]);
            i = Add(i, weights, x3[k + 1]);
            j = Add(j, weights, x4[k + 1]);
            panel += 2 * T.Size;
        }

        if (k < inputs)
        {
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            b = Add(b, weights, x1[k]);
            c = Add(c, weights, x2[k]);
            d = Add(d, weights, x3[k]);
            e = Add(e, weights, x4[k]);
        }

        (a + f).Store(y);
        (b + g).Store(y + yStride);
        (c + h).Store(y + (2 * yStride));
        (d + i).Store(y + (3 * yStride));
        (e + j).Store(y + (4 * yStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows8<T>(byte* panel, int inputs, float* x, int xStride, float* y, int yStride)
        where T : struct, IFloatWeights
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (i, j, l, m) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (e, f, g, h) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (n, o, p, q) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var x1 = x + xStride;
        var x2 = x1 + xStride;
        var x3 = x2 + xStride;
        var x4 = x3 + xStride;
        var x5 = x4 + xStride;
        var x6 = x5 + xStride;
        var x7 = x6 + xStride;
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            FloatPanels.Prefetch<T>(panel + Ahead);
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            b = Add(b, weights, x1[k]);
            c = Add(c, weights, x2[k]);
            d = Add(d, weights, x3[k]);
            e = Add(e, weights, x4[k]);
            f = Add(f, weights, x5[k]);
            g = Add(g, weights, x6[k]);
            h = Add(h, weights, x7[k]);
            weights = T.Wide(panel + T.Size);
            i = Add(i, weights, x[k + 1]);
            j = Add(j, weights, x1[k + 1]);
            l = Add(l, weights, x2[k + 1]);
            m = Add(m, weights, x3[k + 1]);
            n = Add(n, weights, x4[k + 1]);
            o = Add(o, weights, x5[k + 1]);
            p = Add(p, weights, x6[k + 1]);
            q = Add(q, weights, x7[k + 1]);
            panel += 2 * T.Size;
        }

        if (k < inputs)
        {
            var weights = T.Wide(panel);
            a = Add(a, weights, x[k]);
            b = Add(b, weights, x1[k]);
            c = Add(c, weights, x2[k]);
            d = Add(d, weights, x3[k]);
            e = Add(e, weights, x4[k]);
            f = Add(f, weights, x5[k]);
            g = Add(g, weights, x6[k]);
            h = Add(h, weights, x7[k]);
        }

        (a + i).Store(y);
        (b + j).Store(y + yStride);
        (c + l).Store(y + (2 * yStride));
        (d + m).Store(y + (3 * yStride));
        (e + n).Store(y + (4 * yStride));
        (f + o).Store(y + (5 * yStride));
        (g + p).Store(y + (6 * yStride));
        (h + q).Store(y + (7 * yStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add(Vector512<float> sum, Vector512<float> weights, float x) =>
        Vector512.MultiplyAddEstimate(weights, Vector512.Create(x), sum);
}
