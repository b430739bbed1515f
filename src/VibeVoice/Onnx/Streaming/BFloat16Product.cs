using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Onnx.Streaming;

/// <summary>x · Wᵀ with few rows of x: float32 arithmetic on bf16 weights, widened in registers as they stream by.</summary>
/// <remarks>
/// With few rows the time is that of reading W from memory, and bf16 is half of float32. Widening is exact, so the
/// numbers are those of float32 weights. Each number is summed up in the same order whatever the rows and threads, so
/// it does not depend on them.
/// </remarks>
internal static unsafe class BFloat16Product
{
    /// <summary>Weights that are widened at once: two vectors of eight.</summary>
    private const int Block = 16;
    private const uint UpperHalf = 0xFFFF0000;

    // AggressiveOptimization: published code knows no vectors of eight, and the first frame would wait for better code.

    /// <summary>Puts x into the order of widened weights: of each sixteen, first the even places, then the odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Arrange(ReadOnlySpan<float> x, Span<float> arranged, int inputs)
    {
        for (; !x.IsEmpty; x = x[inputs..], arranged = arranged[inputs..])
        {
            var k = 0;
            for (; k + Block <= inputs; k += Block)
            {
                for (var i = 0; i < Block / 2; i++)
                {
                    arranged[k + i] = x[k + (2 * i)];
                    arranged[k + i + (Block / 2)] = x[k + (2 * i) + 1];
                }
            }

            x[k..inputs].CopyTo(arranged[k..]);
        }
    }

    /// <summary>Computes some of the outputs for all rows.</summary>
    /// <param name="weights">W, <c>[outputs, inputs]</c>.</param>
    /// <param name="x">Arranged, <c>[rows, inputs]</c>.</param>
    /// <param name="y"><c>[rows, outputs]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(ushort* weights, float* x, float* y, int rows, int inputs, int outputs, Range some)
    {
        var (n, end) = (some.Start.Value, some.End.Value);
        for (; n + 4 <= end; n += 4)
        {
            var w = weights + ((nint)n * inputs);
            var row = 0;
            for (; rows - row is 3 or > 4; row += 3)
            {
                FourByThree(w, x + ((nint)row * inputs), y + ((nint)row * outputs) + n, inputs, outputs);
            }

            for (; row + 2 <= rows; row += 2)
            {
                FourByTwo(w, x + ((nint)row * inputs), y + ((nint)row * outputs) + n, inputs, outputs);
            }

            if (row < rows)
            {
                FourByOne(w, x + ((nint)row * inputs), y + ((nint)row * outputs) + n, inputs);
            }
        }

        for (; n < end; n++)
        {
            for (var row = 0; row < rows; row++)
            {
                y[((nint)row * outputs) + n] = One(weights + ((nint)n * inputs), x + ((nint)row * inputs), inputs);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByThree(ushort* w0, float* x0, float* y, int inputs, int outputs)
    {
        var w1 = w0 + inputs;
        var w2 = w1 + inputs;
        var w3 = w2 + inputs;
        var x1 = x0 + inputs;
        var x2 = x1 + inputs;
        var (a0, a1, a2, a3) = (Zero, Zero, Zero, Zero);
        var (b0, b1, b2, b3) = (Zero, Zero, Zero, Zero);
        var (c0, c1, c2, c3) = (Zero, Zero, Zero, Zero);
        var k = 0;
        for (; k + Block <= inputs; k += Block)
        {
            var (even, odd) = Widen(w0 + k);
            a0 = Add(a0, even, Vector256.Load(x0 + k), odd, Vector256.Load(x0 + k + 8));
            b0 = Add(b0, even, Vector256.Load(x1 + k), odd, Vector256.Load(x1 + k + 8));
            c0 = Add(c0, even, Vector256.Load(x2 + k), odd, Vector256.Load(x2 + k + 8));
            (even, odd) = Widen(w1 + k);
            a1 = Add(a1, even, Vector256.Load(x0 + k), odd, Vector256.Load(x0 + k + 8));
            b1 = Add(b1, even, Vector256.Load(x1 + k), odd, Vector256.Load(x1 + k + 8));
            c1 = Add(c1, even, Vector256.Load(x2 + k), odd, Vector256.Load(x2 + k + 8));
            (even, odd) = Widen(w2 + k);
            a2 = Add(a2, even, Vector256.Load(x0 + k), odd, Vector256.Load(x0 + k + 8));
            b2 = Add(b2, even, Vector256.Load(x1 + k), odd, Vector256.Load(x1 + k + 8));
            c2 = Add(c2, even, Vector256.Load(x2 + k), odd, Vector256.Load(x2 + k + 8));
            (even, odd) = Widen(w3 + k);
            a3 = Add(a3, even, Vector256.Load(x0 + k), odd, Vector256.Load(x0 + k + 8));
            b3 = Add(b3, even, Vector256.Load(x1 + k), odd, Vector256.Load(x1 + k + 8));
            c3 = Add(c3, even, Vector256.Load(x2 + k), odd, Vector256.Load(x2 + k + 8));
        }

        y[0] = Finish(a0, w0, x0, k, inputs);
        y[1] = Finish(a1, w1, x0, k, inputs);
        y[2] = Finish(a2, w2, x0, k, inputs);
        y[3] = Finish(a3, w3, x0, k, inputs);
        y += outputs;
        y[0] = Finish(b0, w0, x1, k, inputs);
        y[1] = Finish(b1, w1, x1, k, inputs);
        y[2] = Finish(b2, w2, x1, k, inputs);
        y[3] = Finish(b3, w3, x1, k, inputs);
        y += outputs;
        y[0] = Finish(c0, w0, x2, k, inputs);
        y[1] = Finish(c1, w1, x2, k, inputs);
        y[2] = Finish(c2, w2, x2, k, inputs);
        y[3] = Finish(c3, w3, x2, k, inputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByTwo(ushort* w0, float* x0, float* y, int inputs, int outputs)
    {
        var w1 = w0 + inputs;
        var w2 = w1 + inputs;
        var w3 = w2 + inputs;
        var x1 = x0 + inputs;
        var (a0, a1, a2, a3) = (Zero, Zero, Zero, Zero);
        var (b0, b1, b2, b3) = (Zero, Zero, Zero, Zero);
        var k = 0;
        for (; k + Block <= inputs; k += Block)
        {
            var (even, odd) = Widen(w0 + k);
            a0 = Add(a0, even, Vector256.Load(x0 + k), odd, Vector256.Load(x0 + k + 8));
            b0 = Add(b0, even, Vector256.Load(x1 + k), odd, Vector256.Load(x1 + k + 8));
            (even, odd) = Widen(w1 + k);
            a1 = Add(a1, even, Vector256.Load(x0 + k), odd, Vector256.Load(x0 + k + 8));
            b1 = Add(b1, even, Vector256.Load(x1 + k), odd, Vector256.Load(x1 + k + 8));
            (even, odd) = Widen(w2 + k);
            a2 = Add(a2, even, Vector256.Load(x0 + k), odd, Vector256.Load(x0 + k + 8));
            b2 = Add(b2, even, Vector256.Load(x1 + k), odd, Vector256.Load(x1 + k + 8));
            (even, odd) = Widen(w3 + k);
            a3 = Add(a3, even, Vector256.Load(x0 + k), odd, Vector256.Load(x0 + k + 8));
            b3 = Add(b3, even, Vector256.Load(x1 + k), odd, Vector256.Load(x1 + k + 8));
        }

        y[0] = Finish(a0, w0, x0, k, inputs);
        y[1] = Finish(a1, w1, x0, k, inputs);
        y[2] = Finish(a2, w2, x0, k, inputs);
        y[3] = Finish(a3, w3, x0, k, inputs);
        y += outputs;
        y[0] = Finish(b0, w0, x1, k, inputs);
        y[1] = Finish(b1, w1, x1, k, inputs);
        y[2] = Finish(b2, w2, x1, k, inputs);
        y[3] = Finish(b3, w3, x1, k, inputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByOne(ushort* w0, float* x, float* y, int inputs)
    {
        var w1 = w0 + inputs;
        var w2 = w1 + inputs;
        var w3 = w2 + inputs;
        var (a0, a1, a2, a3) = (Zero, Zero, Zero, Zero);
        var k = 0;
        for (; k + Block <= inputs; k += Block)
        {
            var (evenX, oddX) = (Vector256.Load(x + k), Vector256.Load(x + k + 8));
            var (even, odd) = Widen(w0 + k);
            a0 = Add(a0, even, evenX, odd, oddX);
            (even, odd) = Widen(w1 + k);
            a1 = Add(a1, even, evenX, odd, oddX);
            (even, odd) = Widen(w2 + k);
            a2 = Add(a2, even, evenX, odd, oddX);
            (even, odd) = Widen(w3 + k);
            a3 = Add(a3, even, evenX, odd, oddX);
        }

        y[0] = Finish(a0, w0, x, k, inputs);
        y[1] = Finish(a1, w1, x, k, inputs);
        y[2] = Finish(a2, w2, x, k, inputs);
        y[3] = Finish(a3, w3, x, k, inputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float One(ushort* w, float* x, int inputs)
    {
        var sum = Zero;
        var k = 0;
        for (; k + Block <= inputs; k += Block)
        {
            var (even, odd) = Widen(w + k);
            sum = Add(sum, even, Vector256.Load(x + k), odd, Vector256.Load(x + k + 8));
        }

        return Finish(sum, w, x, k, inputs);
    }

    private static Vector256<float> Zero => Vector256<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Even, Vector256<float> Odd) Widen(ushort* weights)
    {
        var pairs = Vector256.Load((uint*)weights);
        return ((pairs << 16).AsSingle(), (pairs & Vector256.Create(UpperHalf)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(
        Vector256<float> sum,
        Vector256<float> even,
        Vector256<float> evenX,
        Vector256<float> odd,
        Vector256<float> oddX
    ) => Vector256.MultiplyAddEstimate(odd, oddX, Vector256.MultiplyAddEstimate(even, evenX, sum));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(Vector256<float> sum, ushort* w, float* x, int k, int inputs)
    {
        var total = Vector256.Sum(sum);
        for (; k < inputs; k++)
        {
            total += BitConverter.UInt32BitsToSingle((uint)w[k] << 16) * x[k];
        }

        return total;
    }
}
