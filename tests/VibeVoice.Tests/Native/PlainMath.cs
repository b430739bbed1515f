namespace VibeVoice.Tests.Native;

/// <summary>Activation functions in float64.</summary>
internal static class PlainMath
{
    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    public static double Gelu(double x) => x * (x < 0 ? Erfc(-x / Math.Sqrt(2)) : 2 - Erfc(x / Math.Sqrt(2))) / 2;

    /// <summary>Of x from 0: the Maclaurin series where it converges fast, the continued fraction beyond (DLMF 7.6.1, 7.9.1).</summary>
    private static double Erfc(double x)
    {
        if (x < 2.5)
        {
            var (sum, term) = (x, x);
            for (var n = 1; n < 80; n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }

            return 1 - (2 / Math.Sqrt(Math.PI) * sum);
        }

        var fraction = x;
        for (var n = 80; n > 0; n--)
        {
            fraction = x + (n / 2.0 / fraction);
        }

        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / fraction;
    }
}
