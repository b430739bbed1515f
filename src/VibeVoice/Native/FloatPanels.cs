using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VibeVoice.Native;

/// <summary>Weights as bf16 or float32, <c>[input, 16 outputs]</c> in a panel, and the product in float32.</summary>
/// <remarks>
/// For checkpoints as they are, and for parts that are not worth fewer bits. A sum is of even and of odd inputs, whatever the rows beside
/// a row and the width of vectors.
/// </remarks>
internal static unsafe class FloatPanels
{
    private const int CacheLine = 64;

    /// <summary>Computes one panel for all rows.</summary>
    /// <param name="panel">The weights.</param>
    /// <param name="isBFloat16">Whether as bf16.</param>
    /// <param name="inputs">How many.</param>
    /// <param name="x">Activations.</param>
    /// <param name="xStride">From a row of x to the next.</param>
    /// <param name="rows">Rows of activations.</param>
    /// <param name="y">Where 16 outputs of each row go.</param>
    /// <param name="yStride">From a row of y to the next.</param>
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
        while (rows > 0)
        {
            var taken = isBFloat16
                ? MultiplySome<BFloat16Weights>(panel, inputs, x, xStride, rows, y, yStride)
                : MultiplySome<Float32Weights>(panel, inputs, x, xStride, rows, y, yStride);
            rows -= taken;
            x += (nint)taken * xStride;
            y += (nint)taken * yStride;
        }
    }

    /// <summary>Asks for the weights of two inputs, which are one line of the cache or two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<T>(byte* weights)
        where T : struct, IFloatWeights
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        Sse.Prefetch0(weights);
        if (T.Size == CacheLine)
        {
            Sse.Prefetch0(weights + CacheLine);
        }
    }

    /// <returns>How many rows it took.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int MultiplySome<T>(byte* panel, int inputs, float* x, int xStride, int rows, float* y, int yStride)
        where T : struct, IFloatWeights =>
        Vector512.IsHardwareAccelerated
            ? MultiplyWide<T>(panel, inputs, x, xStride, rows, y, yStride)
            : MultiplyNarrow<T>(panel, inputs, x, xStride, rows, y, yStride);

    private static int MultiplyWide<T>(byte* panel, int inputs, float* x, int xStride, int rows, float* y, int yStride)
        where T : struct, IFloatWeights
    {
        switch (rows)
        {
            case 1:
                FloatWideProduct.Rows1<T>(panel, inputs, x, y);
                return 1;
            case 2 or 3:
                FloatWideProduct.Rows2<T>(panel, inputs, x, xStride, y, yStride);
                return 2;
            case 5:
                FloatWideProduct.Rows5<T>(panel, inputs, x, xStride, y, yStride);
                return 5;
            case < 8:
                FloatWideProduct.Rows4<T>(panel, inputs, x, xStride, y, yStride);
                return 4;
            default:
                FloatWideProduct.Rows8<T>(panel, inputs, x, xStride, y, yStride);
                return 8;
        }
    }

    private static int MultiplyNarrow<T>(
        byte* panel,
        int inputs,
        float* x,
        int xStride,
        int rows,
        float* y,
        int yStride
    )
        where T : struct, IFloatWeights
    {
        switch (rows)
        {
            case 1:
                FloatNarrowProduct.Rows1<T>(panel, inputs, x, y);
                return 1;
            case 2 or 4: // twice
                FloatNarrowProduct.Rows2<T>(panel, inputs, x, xStride, y, yStride);
                return 2;
            default:
                FloatNarrowProduct.Rows3<T>(panel, inputs, x, xStride, y, yStride);
                return 3;
        }
    }
}
