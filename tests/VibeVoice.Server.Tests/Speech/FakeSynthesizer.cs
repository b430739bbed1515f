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

    /// <summary>Frames of each word, where the text is still being written.</summary>
    public int FramesPerWord { get; init; } = 2;

    /// <summary>What was spoken of texts that were still being written: a word each, and a bar at the end of a stretch.</summary>
    public ConcurrentQueue<string> Words { get; } = new();

    /// <summary>How long a text will sound; null for an engine that cannot tell.</summary>
    public double? EstimatedSeconds { get; init; }

    /// <summary>Runs before each frame: waits, cancels, throws.</summary>
    public Func<int, CancellationToken, Task>? BeforeFrame { get; init; }

    /// <summary>What it was asked to speak, in order.</summary>
    public ConcurrentQueue<SpeechRequest> Requests { get; } = new();

    public Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<SpeechOutline> OutlineAsync(SpeechRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(
            new SpeechOutline(0, [new OutlinedChunk(request.Text, null, ChunkBoundary.TextEnd, 0, EstimatedSeconds)])
        );

    public IAsyncEnumerable<SpokenFrame> SpeakAsync(SpeechRequest request, CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        return SpeakAsync(0, Frames, cancellationToken);
    }

    /// <summary>A word is spoken once the space after it has come, or the end.</summary>
    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        IAsyncEnumerable<string> text,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Requests.Enqueue(request);
        var (pending, index, words) = ("", 0, 0);
        await foreach (var piece in text.Append(" ").WithCancellation(cancellationToken))
        {
            pending += piece;
            while (pending.IndexOf(' ') is >= 0 and var space)
            {
                var word = pending[..space];
                pending = pending[(space + 1)..];
                if (word.Length > 0)
                {
                    Words.Enqueue(word);
                    words++;
                    await foreach (var frame in SpeakAsync(index, index + FramesPerWord, cancellationToken))
                    {
                        yield return frame with
                        {
                            ShareOfText = 0,
                            TextTokens = null,
                        };
                    }

                    index += FramesPerWord;
                }
            }
        }

        Words.Enqueue("|");
        yield return new SpokenFrame(new AudioFrame(ReadOnlyMemory<float>.Empty, SampleRateHz), 1)
        {
            TextTokens = words,
        };
    }

    private async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        int first,
        int end,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        for (var index = first; index < end; index++)
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
