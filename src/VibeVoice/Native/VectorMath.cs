using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>What is computed number by number, eight at a time. Widths are padded to 16.</summary>
internal static unsafe class VectorMath
{
    /// <summary>x / (1 + exp(−x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Silu(Vector256<float> x) => x / (Vector256<float>.One + Exp(-x));

    /// <summary>x · Φ(x), exactly as defined, not by tanh: within 2e-7 of it, or of x where that is more than 1.</summary>
    // The normal tail Φ(−|x|) is 2^t / 2, with t = |x|·p(|x|) and 2^r by polynomials, both fitted for the least greatest error
    // (least squares at Chebyshev's nodes, weighted anew until all peaks are alike): of p in x · Φ(x) for |x| up to 5.5, 9e-9; of
    // 2^r, 7.5e-8. From there on t only falls. No branch, and no erf that is nearly 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gelu<T>(T x)
        where T : struct, ILanes<T>
    {
        var size = T.Abs(x);
        var t = T.All(-1.90197841e-6f);
        t = T.MultiplyAdd(t, size, T.All(2.8055787e-5f));
        t = T.MultiplyAdd(t, size, T.All(-1.31467124e-4f));
        t = T.MultiplyAdd(t, size, T.All(-2.7209238e-4f));
        t = T.MultiplyAdd(t, size, T.All(7.24544609e-3f));
        t = T.MultiplyAdd(t, size, T.All(-5.26276305e-2f));
        t = T.MultiplyAdd(t, size, T.All(-4.59162146e-1f));
        t = T.MultiplyAdd(t, size, T.All(-1.15111101f));
        t = T.Max(t * size, T.All(-127f)); // from there on nothing is left, exactly

        var n = T.Round(t);
        var r = t - n;
        var half = T.All(1.32764026e-3f / 2);
        half = T.MultiplyAdd(half, r, T.All(9.67554096e-3f / 2));
        half = T.MultiplyAdd(half, r, T.All(5.55071346e-2f / 2));
        half = T.MultiplyAdd(half, r, T.All(2.40221202e-1f / 2));
        half = T.MultiplyAdd(half, r, T.All(6.93146944e-1f / 2));
        half = T.MultiplyAdd(half, r, T.All(1.00000012f / 2));
        var tail = half * T.PowerOfTwo(n);
        return x * T.WhereNegative(x, tail, T.All(1) - tail);
    }

    /// <summary>x = gelu(x + bias), of a multiple of 16 numbers; no bias where it is null.</summary>
    public static void GeluOfSum(float* x, float* bias, int width)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            GeluOfSum<WideLanes>(x, bias, width);
        }
        else
        {
            GeluOfSum<NarrowLanes>(x, bias, width);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GeluOfSum<T>(float* x, float* bias, int width)
        where T : struct, ILanes<T>
    {
        for (var i = 0; i < width; i += 16)
        {
            var offset = bias is null ? T.All(0) : T.Load(bias + i);
            Gelu(T.Load(x + i) + offset).Store(x + i);
        }
    }
}
