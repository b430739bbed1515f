using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Tests.Speech;

/// <summary>An engine that makes a tone at once: as many frames as asked for, and what a test wants to go wrong.</summary>
internal sealed class FakeSynthesizer : ISynthesizer
{
    private const int FrameSamples = 3_200;

    public string Engine => "fake";

    public string Model => "tone";

    public int SampleRateHz => 24_000;

    public VoiceCatalog Voices => PublishedVoices.Catalog;

    public bool IsDiffusionModel { get; init; } = true;

    public int Frames { get; init; } = 15;

    public float Amplitude { get; init; } = 0.25f;

    /// <summary>What the text is told to have.</summary>
    public int? TextTokens { get; init; }

    /// <summary>Runs before each frame: waits, cancels, throws.</summary>
    public Func<int, CancellationToken, Task>? BeforeFrame { get; init; }

    /// <summary>What it was asked to speak, in order.</summary>
    public ConcurrentQueue<SpeechRequest> Requests { get; } = new();

    public Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<SpeechOutline> OutlineAsync(SpeechRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Nothing is planned here.");

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Requests.Enqueue(request);
        for (var index = 0; index < Frames; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (BeforeFrame is not null)
            {
                await BeforeFrame(index, cancellationToken);
            }

            var samples = new float[FrameSamples];
            for (var i = 0; i < FrameSamples; i++)
            {
                samples[i] = Amplitude * MathF.Sin(MathF.Tau * 440 * ((index * FrameSamples) + i) / SampleRateHz);
            }

            yield return new SpokenFrame(new AudioFrame(samples, SampleRateHz), (index + 1.0) / Frames)
            {
                TextTokens = TextTokens,
            };
        }
    }
}
