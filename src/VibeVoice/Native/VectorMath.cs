using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>What is computed number by number, eight at a time. Widths are padded to 16.</summary>
internal static unsafe class VectorMath
{
    /// <summary>x / (1 + exp(−x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Silu(Vector256<float> x) => x / (Vector256<float>.One + Exp(-x));

    /// <summary>x · (1 + erf(x / √2)) / 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Gelu(Vector256<float> x) =>
        Vector256.Create(0.5f) * x * (Vector256<float>.One + Erf(x * Vector256.Create(0.70710678f)));

    /// <inheritdoc cref="Gelu(Vector256{float})"/>
    /// <remarks>The same numbers, sixteen at a time, where the processor has such vectors.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Gelu(Vector512<float> x)
    {
        var erf = x * Vector512.Create(0.70710678f);
        var size = Vector512.MinNative(Vector512.Create(3.925f), Vector512.Abs(erf));
        var square = erf * erf;
        var small = Vector512.Create(-5.99104969e-4f);
        small = Vector512.MultiplyAddEstimate(small, square, Vector512.Create(4.99339588e-3f));
        small = Vector512.MultiplyAddEstimate(small, square, Vector512.Create(-2.67667342e-2f));
        small = Vector512.MultiplyAddEstimate(small, square, Vector512.Create(1.12818025e-1f));
        small = Vector512.MultiplyAddEstimate(small, square, Vector512.Create(-3.76124859e-1f));
        small = Vector512.MultiplyAddEstimate(small, square, Vector512.Create(1.28379151e-1f));
        small = Vector512.MultiplyAddEstimate(small, erf, erf);

        var large = Vector512.Create(1.72948930e-5f);
        large = Vector512.MultiplyAddEstimate(large, size, Vector512.Create(-3.83208680e-4f));
        large = Vector512.MultiplyAddEstimate(large, size, Vector512.Create(3.88393435e-3f));
        large = Vector512.MultiplyAddEstimate(large, size, Vector512.Create(-2.42545605e-2f));
        large = Vector512.MultiplyAddEstimate(large, size, Vector512.Create(1.06777847e-1f));
        large = Vector512.MultiplyAddEstimate(large, size, Vector512.Create(6.34846687e-1f));
        large = Vector512.MultiplyAddEstimate(large, size, Vector512.Create(1.28717512e-1f));
        large = Vector512.MultiplyAddEstimate(large, size, size);
        large = Vector512.CopySign(Vector512<float>.One - Exp(-large), erf);
        erf = Vector512.ConditionalSelect(Vector512.LessThan(size, Vector512.Create(0.921875f)), small, large);
        return Vector512.Create(0.5f) * x * (Vector512<float>.One + erf);
    }

    /// <summary>x = gelu(x + bias), of a multiple of 16 numbers; no bias where it is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GeluOfSum(float* x, float* bias, int width)
    {
        var i = 0;
        for (; Vector512.IsHardwareAccelerated && i < width; i += 16)
        {
            var offset = bias is null ? Vector512<float>.Zero : Vector512.Load(bias + i);
            Gelu(Vector512.Load(x + i) + offset).Store(x + i);
        }

        for (; i < width; i += 8)
        {
            var offset = bias is null ? Vector256<float>.Zero : Vector256.Load(bias + i);
            Gelu(Vector256.Load(x + i) + offset).Store(x + i);
        }
    }

    /// <summary>x / sqrt(mean(x²) + ε) · weight; pads stay zero, since the weight's are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* weight, float* y, int width, float epsilon)
    {
        var padded = Panels.Padded(width);
        var scale = Vector256.Create(InverseRms(x, width, epsilon));
        for (var i = 0; i < padded; i += 8)
        {
            (Vector256.Load(x + i) * scale * Vector256.Load(weight + i)).Store(y + i);
        }
    }

    /// <summary>The same, then · (1 + scale) + shift.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNormModulated(
        float* x,
        float* weight,
        float* shift,
        float* scale,
        float* y,
        int width,
        float epsilon
    )
    {
        var padded = Panels.Padded(width);
        var rms = Vector256.Create(InverseRms(x, width, epsilon));
        for (var i = 0; i < padded; i += 8)
        {
            var normed = Vector256.Load(x + i) * rms * Vector256.Load(weight + i);
            Vector256
                .MultiplyAddEstimate(
                    normed,
                    Vector256.Load(scale + i) + Vector256<float>.One,
                    Vector256.Load(shift + i)
                )
                .Store(y + i);
        }
    }

    /// <summary>y += x.</summary>
    public static void Add(float* y, float* x, int width)
    {
        for (var i = 0; i < Panels.Padded(width); i += 8)
        {
            (Vector256.Load(y + i) + Vector256.Load(x + i)).Store(y + i);
        }
    }

    /// <summary>y = silu(a + b).</summary>
    public static void SiluOfSum(float* a, float* b, float* y, int width)
    {
        for (var i = 0; i < Panels.Padded(width); i += 8)
        {
            Silu(Vector256.Load(a + i) + Vector256.Load(b + i)).Store(y + i);
        }
    }

    /// <summary>Sum of x · y over a padded width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* x, float* y, int padded)
    {
        var (a, b) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var i = 0; i < padded; i += 16)
        {
            a = Vector256.MultiplyAddEstimate(Vector256.Load(x + i), Vector256.Load(y + i), a);
            b = Vector256.MultiplyAddEstimate(Vector256.Load(x + i + 8), Vector256.Load(y + i + 8), b);
        }

        return Vector256.Sum(a + b);
    }

    private static float InverseRms(float* x, int width, float epsilon) =>
        1 / MathF.Sqrt((Dot(x, x, Panels.Padded(width)) / width) + epsilon);

    /// <summary>e^x, within 1e-7 of it; infinite from 88.4 on, next to nothing far below, and not a number of what is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        // x = n·ln 2 + r with |r| ≤ ln 2 / 2, and a polynomial for e^r (Cephes, expf). The runtime's own goes through float64.
        x = Vector256.MinNative(Vector256.Create(89f), Vector256.MaxNative(Vector256.Create(-87.3f), x));
        var n = Vector256.Round(x * Vector256.Create(1.44269504f));
        var r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-0.693359375f), x);
        r = Vector256.MultiplyAddEstimate(n, Vector256.Create(2.12194440e-4f), r);
        var y = Vector256.Create(1.9875691500e-4f);
        y = Vector256.MultiplyAddEstimate(y, r, Vector256.Create(1.3981999507e-3f));
        y = Vector256.MultiplyAddEstimate(y, r, Vector256.Create(8.3334519073e-3f));
        y = Vector256.MultiplyAddEstimate(y, r, Vector256.Create(4.1665795894e-2f));
        y = Vector256.MultiplyAddEstimate(y, r, Vector256.Create(1.6666665459e-1f));
        y = Vector256.MultiplyAddEstimate(y, r, Vector256.Create(5.0000001201e-1f));
        y = Vector256.MultiplyAddEstimate(y, r * r, r) + Vector256<float>.One;
        return y * ((Vector256.ConvertToInt32Native(n) + Vector256.Create(127)) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        x = Vector512.MinNative(Vector512.Create(89f), Vector512.MaxNative(Vector512.Create(-87.3f), x));
        var n = Vector512.Round(x * Vector512.Create(1.44269504f));
        var r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.MultiplyAddEstimate(n, Vector512.Create(2.12194440e-4f), r);
        var y = Vector512.Create(1.9875691500e-4f);
        y = Vector512.MultiplyAddEstimate(y, r, Vector512.Create(1.3981999507e-3f));
        y = Vector512.MultiplyAddEstimate(y, r, Vector512.Create(8.3334519073e-3f));
        y = Vector512.MultiplyAddEstimate(y, r, Vector512.Create(4.1665795894e-2f));
        y = Vector512.MultiplyAddEstimate(y, r, Vector512.Create(1.6666665459e-1f));
        y = Vector512.MultiplyAddEstimate(y, r, Vector512.Create(5.0000001201e-1f));
        y = Vector512.MultiplyAddEstimate(y, r * r, r) + Vector512<float>.One;
        return y * ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();
    }

    /// <summary>The error function.</summary>
    // Two minimax polynomials, for |x| below and above 0.921875; above 3.925 the result is 1 in float32. The coefficients are
    // those of ONNX Runtime's MLAS (erf.cpp, MIT licence); within 2 units in the last place.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Erf(Vector256<float> x)
    {
        var size = Vector256.MinNative(Vector256.Create(3.925f), Vector256.Abs(x)); // in this order what is no number stays so
        var square = x * x;
        var small = Vector256.Create(-5.99104969e-4f);
        small = Vector256.MultiplyAddEstimate(small, square, Vector256.Create(4.99339588e-3f));
        small = Vector256.MultiplyAddEstimate(small, square, Vector256.Create(-2.67667342e-2f));
        small = Vector256.MultiplyAddEstimate(small, square, Vector256.Create(1.12818025e-1f));
        small = Vector256.MultiplyAddEstimate(small, square, Vector256.Create(-3.76124859e-1f));
        small = Vector256.MultiplyAddEstimate(small, square, Vector256.Create(1.28379151e-1f));
        small = Vector256.MultiplyAddEstimate(small, x, x);

        var large = Vector256.Create(1.72948930e-5f);
        large = Vector256.MultiplyAddEstimate(large, size, Vector256.Create(-3.83208680e-4f));
        large = Vector256.MultiplyAddEstimate(large, size, Vector256.Create(3.88393435e-3f));
        large = Vector256.MultiplyAddEstimate(large, size, Vector256.Create(-2.42545605e-2f));
        large = Vector256.MultiplyAddEstimate(large, size, Vector256.Create(1.06777847e-1f));
        large = Vector256.MultiplyAddEstimate(large, size, Vector256.Create(6.34846687e-1f));
        large = Vector256.MultiplyAddEstimate(large, size, Vector256.Create(1.28717512e-1f));
        large = Vector256.MultiplyAddEstimate(large, size, size);
        large = Vector256.CopySign(Vector256<float>.One - Exp(-large), x);
        return Vector256.ConditionalSelect(Vector256.LessThan(size, Vector256.Create(0.921875f)), small, large);
    }
}
