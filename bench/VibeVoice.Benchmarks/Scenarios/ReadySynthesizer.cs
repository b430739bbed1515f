using System.Runtime.CompilerServices;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>An engine that takes no time: all its frames were made before. What is left is everything else.</summary>
internal sealed class ReadySynthesizer : ISynthesizer
{
    private const int FrameSamples = 3_200;

    /// <summary>Ten seconds: 75 frames of 133 ms, as the model makes them.</summary>
    private readonly SpokenFrame[] _frames = [.. Enumerable.Range(1, 75).Select(MakeFrame)];

    /// <summary>How many of them are handed out.</summary>
    public int Frames { get; init; } = 75;

    /// <summary>Time before the first.</summary>
    public TimeSpan Delay { get; init; }

    public string Engine => "ready";

    public string Model => "hum";

    public int SampleRateHz => Rate;

    public VoiceCatalog Voices => PublishedVoices.Catalog;

    public bool IsDiffusionModel => false;

    /// <summary>All samples in a row.</summary>
    public IEnumerable<float> Samples => _frames.SelectMany(frame => frame.Audio.Samples.ToArray());

    private static int Rate => 24_000;

    public Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<SpeechOutline> OutlineAsync(SpeechRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Nothing is planned here: the frames were made before.");

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Off the caller's stack once, as every engine with a thread of its own is.
        await Task.Yield();
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, cancellationToken);
        }

        foreach (var frame in _frames.Take(Frames))
        {
            yield return frame;
        }
    }

    /// <summary>All frames once the whole text has come.</summary>
    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        IAsyncEnumerable<string> text,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var _ in text.WithCancellation(cancellationToken)) { }

        foreach (var frame in _frames)
        {
            yield return frame;
        }
    }

    /// <summary>Something like a voice: harmonics that swell and fade four times a second.</summary>
    private static SpokenFrame MakeFrame(int number)
    {
        var samples = new float[FrameSamples];
        for (var i = 0; i < samples.Length; i++)
        {
            var seconds = (((number - 1) * FrameSamples) + i) / (float)Rate;
            var loudness = 0.5f - (0.5f * MathF.Cos(MathF.Tau * 4 * seconds));
            for (var harmonic = 1; harmonic <= 12; harmonic++)
            {
                samples[i] += 0.2f * loudness / harmonic * MathF.Sin(MathF.Tau * 140 * harmonic * seconds);
            }
        }

        return new SpokenFrame(new AudioFrame(samples, Rate), number / 75.0);
    }
}
