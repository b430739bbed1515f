using System.Runtime.Intrinsics;
using VibeVoice.Native;

namespace VibeVoice.Tests.Native;

public sealed unsafe class VectorMathTests
{
    private const double Tolerance = 2e-7;

    [Fact]
    public void Gelu_and_silu_are_those_of_float64()
    {
        for (var x = -12f; x < 12; x += 1f / 512)
        {
            var v = Vector256.Create(x);
            ShouldBeNear(Gelu(x), PlainMath.Gelu(x), x);
            if (x < 0)
            {
                // 1 + erf would lose what is left of it.
                Math.Abs(Gelu(x) - PlainMath.Gelu(x)).ShouldBeLessThan(1.2e-8 + (1e-6 * -PlainMath.Gelu(x)));
            }

            ShouldBeNear(VectorMath.Silu(v)[7], PlainMath.Silu(x), x);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e30f)]
    [InlineData(-1e30f)]
    [InlineData(0f)]
    public void Numbers_at_the_edge_give_what_float64_gives(float x)
    {
        var v = Vector256.Create(x);

        VectorMath.Silu(v)[0].ShouldBe((float)PlainMath.Silu(x));
        Gelu(x).ShouldBe(float.IsNaN(x) ? float.NaN : Math.Max(x, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(896)]
    public void Norms_are_those_of_float64_and_leave_pads_zero(int width)
    {
        var padded = Panels.Padded(width);
        var random = PanelTests.RandomRows(4, padded, width);
        for (var i = 0; i < random.Length; i++)
        {
            random[i] = i % padded < width ? random[i] : 0;
        }

        var (plain, modulated) = (new float[padded], new float[padded]);
        fixed (
            float* x = random,
                first = plain,
                second = modulated
        )
        {
            var weight = x + padded;
            var shift = x + (2 * padded);
            var scale = x + (3 * padded);
            VectorMath.RmsNorm(x, weight, first, width, 1e-5f);
            VectorMath.RmsNormModulated(x, weight, shift, scale, second, width, 1e-5f);
            var mean = random[..width].Sum(number => (double)number * number) / width;
            for (var i = 0; i < padded; i++)
            {
                var normed = x[i] / Math.Sqrt(mean + 1e-5f) * weight[i];
                first[i].ShouldBe((float)normed, 2e-6f);
                second[i].ShouldBe((float)((normed * (1 + scale[i])) + shift[i]), 4e-6f);
            }
        }

        plain[width..].ShouldAllBe(number => number == 0);
        modulated[width..].ShouldAllBe(number => number == 0);
    }

    /// <summary>In vectors of sixteen and of eight, whichever this processor has.</summary>
    private static float Gelu(float x)
    {
        var wide = new float[16];
        var narrow = new float[16];
        fixed (
            float* first = wide,
                second = narrow
        )
        {
            VectorMath.Gelu(WideLanes.All(x)).Store(first);
            VectorMath.Gelu(NarrowLanes.All(x)).Store(second);
        }

        wide.AsSpan().ContainsAnyExcept(narrow[0]).ShouldBeFalse();
        narrow.AsSpan().ContainsAnyExcept(narrow[0]).ShouldBeFalse();
        return narrow[0];
    }

    private static void ShouldBeNear(float actual, double expected, float x) =>
        Math.Abs(actual - expected).ShouldBeLessThanOrEqualTo(Tolerance * Math.Max(1, Math.Abs(expected)), $"at {x}");
}
