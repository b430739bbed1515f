using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>Weights as bf16 or float32, <c>[input, 16 outputs]</c> in a panel, and the product in float32.</summary>
/// <remarks>For what is not worth fewer bits, and to see what fewer bits cost. Sums are of even and of odd inputs, whatever the rows.</remarks>
internal static unsafe class FloatPanels
{
    private const int Half = Panels.Outputs / 2;

    /// <summary>Computes one panel for all rows.</summary>
    /// <param name="panel">The weights.</param>
    /// <param name="isBFloat16">Whether as bf16.</param>
    /// <param name="inputs">How many.</param>
    /// <param name="x">Activations.</param>
    /// <param name="xStride">From a row of x to the next.</param>
    /// <param name="rows">Rows of activations.</param>
    /// <param name="y">Where 16 outputs of each row go.</param>
    /// <param name="yStride">From a row of y to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        byte* panel,
        bool isBFloat16,
        int inputs,
        float* x,
        int xStride,
        int rows,
        float* y,
        int yStride
    )
    {
        var row = 0;
        for (; row + 2 <= rows; row += 2)
        {
            Two(panel, isBFloat16, inputs, x, x + xStride, y, y + yStride);
            x += 2 * xStride;
            y += 2 * yStride;
        }

        if (row < rows)
        {
            Two(panel, isBFloat16, inputs, x, x, y, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(byte* panel, bool isBFloat16, int inputs, float* x0, float* x1, float* y0, float* y1)
    {
        var (a, b) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (c, d) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (e, f) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (g, h) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var size = Panels.Outputs * (isBFloat16 ? sizeof(ushort) : sizeof(float));
        var k = 0;
        for (; k + 2 <= inputs; k += 2)
        {
            var (lower, upper) = Load(panel, isBFloat16);
            a = Vector256.MultiplyAddEstimate(lower, Vector256.Create(x0[k]), a);
            b = Vector256.MultiplyAddEstimate(upper, Vector256.Create(x0[k]), b);
            c = Vector256.MultiplyAddEstimate(lower, Vector256.Create(x1[k]), c);
            d = Vector256.MultiplyAddEstimate(upper, Vector256.Create(x1[k]), d);
            (lower, upper) = Load(panel + size, isBFloat16);
            e = Vector256.MultiplyAddEstimate(lower, Vector256.Create(x0[k + 1]), e);
            f = Vector256.MultiplyAddEstimate(upper, Vector256.Create(x0[k + 1]), f);
            g = Vector256.MultiplyAddEstimate(lower, Vector256.Create(x1[k + 1]), g);
            h = Vector256.MultiplyAddEstimate(upper, Vector256.Create(x1[k + 1]), h);
            panel += 2 * size;
        }

        if (k < inputs)
        {
            var (lower, upper) = Load(panel, isBFloat16);
            a = Vector256.MultiplyAddEstimate(lower, Vector256.Create(x0[k]), a);
            b = Vector256.MultiplyAddEstimate(upper, Vector256.Create(x0[k]), b);
            c = Vector256.MultiplyAddEstimate(lower, Vector256.Create(x1[k]), c);
            d = Vector256.MultiplyAddEstimate(upper, Vector256.Create(x1[k]), d);
        }

        (c + g).Store(y1);
        (d + h).Store(y1 + Half);
        (a + e).Store(y0);
        (b + f).Store(y0 + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Lower, Vector256<float> Upper) Load(byte* panel, bool isBFloat16)
    {
        if (!isBFloat16)
        {
            return (Vector256.Load((float*)panel), Vector256.Load((float*)panel + Half));
        }

        var (lower, upper) = Vector256.Widen(Vector256.Load((ushort*)panel));
        return ((lower << 16).AsSingle(), (upper << 16).AsSingle());
    }
}
