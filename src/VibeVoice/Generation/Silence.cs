namespace VibeVoice.Generation;

/// <summary>Silence, measured in samples.</summary>
internal static class Silence
{
    /// <summary>The whole number of samples nearest to a duration.</summary>
    public static long Samples(TimeSpan duration, int sampleRateHz) =>
        (long)
            decimal.Round(
                (decimal)duration.Ticks * sampleRateHz / TimeSpan.TicksPerSecond,
                MidpointRounding.AwayFromZero
            );

    /// <summary>Zeros, in frames of at most <paramref name="samplesPerFrame"/> that share their memory.</summary>
    public static IEnumerable<ReadOnlyMemory<float>> Frames(long samples, int samplesPerFrame)
    {
        var zeros = new float[Math.Min(samples, samplesPerFrame)];
        for (; samples > 0; samples -= samplesPerFrame)
        {
            yield return zeros.AsMemory(0, (int)Math.Min(samples, samplesPerFrame));
        }
    }
}
