namespace VibeVoice.Tests;

/// <summary>How far numbers may lie from the reference's, as a share of its peak.</summary>
internal static class Tolerances
{
    /// <summary>One part alone.</summary>
    public const double Component = 1e-4;

    /// <summary>A whole run whose latents are fed back.</summary>
    public const double Run = 1e-3;

    public static void ShouldBeWithin(
        this ReadOnlySpan<float> actual,
        double tolerance,
        ReadOnlySpan<float> expected
    ) => RelativeError(actual, expected).ShouldBeLessThan(tolerance);

    public static void ShouldBeWithin(this float[] actual, double tolerance, ReadOnlySpan<float> expected) =>
        RelativeError(actual, expected).ShouldBeLessThan(tolerance);

    /// <summary>Largest difference, as a share of the largest expected number.</summary>
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        actual.Length.ShouldBe(expected.Length);
        var (error, peak) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs((double)actual[i] - expected[i]);
            error = difference <= error ? error : difference; // a NaN stays
            peak = Math.Max(peak, Math.Abs(expected[i]));
        }

        return error / peak;
    }
}
