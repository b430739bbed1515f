using System.Runtime.CompilerServices;

namespace VibeVoice.Server.Tests.Encoding;

/// <summary>Sine waves in frames, as a synthesizer would hand them over.</summary>
internal static class Tone
{
    public const int SampleRateHz = 24_000;
    public const int FrameSamples = 3_200;
    public const double FrequencyHz = 440;
    public const double Amplitude = 0.5;

    public static float[] Samples(double seconds, int sampleRateHz = SampleRateHz) =>
        [
            .. Enumerable
                .Range(0, (int)Math.Round(seconds * sampleRateHz))
                .Select(i => (float)(Amplitude * Math.Sin(2 * Math.PI * FrequencyHz * i / sampleRateHz))),
        ];

    public static async IAsyncEnumerable<AudioFrame> InFrames(
        float[] samples,
        int sampleRateHz = SampleRateHz,
        Func<int>? nextLength = null
    )
    {
        for (var start = 0; start < samples.Length; )
        {
            await Task.Yield();
            var length = Math.Min(nextLength?.Invoke() ?? FrameSamples, samples.Length - start);
            yield return new AudioFrame(samples.AsMemory(start, length), sampleRateHz);
            start += length;
        }
    }

    /// <summary>Frames of a second each, for ever, as fast as they are taken.</summary>
    public static async IAsyncEnumerable<AudioFrame> Endless(
        SourceWatch watch,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var second = Samples(1);
        try
        {
            while (true)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                Interlocked.Increment(ref watch.FramesGiven);
                yield return new AudioFrame(second, SampleRateHz);
            }
        }
        finally
        {
            watch.IsDisposed = true;
        }
    }

    /// <summary>Some sound, then nothing until <paramref name="then"/> ends; its exception is the source's own.</summary>
    public static async IAsyncEnumerable<AudioFrame> Then(
        double seconds,
        SourceWatch watch,
        Func<CancellationToken, Task> then,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        try
        {
            await foreach (var frame in InFrames(Samples(seconds)).WithCancellation(cancellationToken))
            {
                Interlocked.Increment(ref watch.FramesGiven);
                yield return frame;
            }

            await then(cancellationToken);
        }
        finally
        {
            watch.IsDisposed = true;
        }
    }

    /// <summary>What a test wants to know of a source while and after it is read.</summary>
    internal sealed class SourceWatch
    {
        public int FramesGiven;

        public volatile bool IsDisposed;
    }
}
