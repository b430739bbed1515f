namespace VibeVoice.Generation;

/// <summary>Takes the step out of a joint: the sound before it sinks to nothing, the sound after it rises from nothing.</summary>
internal static class JoinFade
{
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(5);

    /// <summary>Lets the beginning of a frame rise.</summary>
    public static void In(Span<float> frame, int sampleRateHz)
    {
        var length = Math.Min((int)Silence.Samples(Length, sampleRateHz), frame.Length);
        for (var i = 0; i < length; i++)
        {
            frame[i] *= Gain(i, length);
        }
    }

    /// <summary>Lets the end of a frame sink.</summary>
    public static void Out(Span<float> frame, int sampleRateHz)
    {
        frame.Reverse();
        In(frame, sampleRateHz);
        frame.Reverse();
    }

    /// <summary>Half a cosine from 0 to 1, smooth at both ends.</summary>
    private static float Gain(int sample, int length) =>
        (float)(0.5 - (0.5 * Math.Cos(Math.PI * (sample + 0.5) / length)));
}
