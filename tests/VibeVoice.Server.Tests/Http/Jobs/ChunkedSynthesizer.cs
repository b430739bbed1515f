using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Tests.Http.Jobs;

/// <summary>An engine whose speech has chunks: each sentence of the text is one, with a tone of its own.</summary>
internal sealed class ChunkedSynthesizer : ISynthesizer
{
    private const int FrameSamples = 3_200;

    public string Engine => "fake";

    public string Model => "tones";

    public int SampleRateHz => 24_000;

    public VoiceCatalog Voices => PublishedVoices.Catalog;

    public bool IsDiffusionModel => true;

    public int FramesOfChunk { get; init; } = 3;

    /// <summary>Chunks that were begun, by whichever of the servers that share this.</summary>
    public ConcurrentQueue<int> Begun { get; init; } = new();

    /// <summary>Runs before each frame, with its number in the whole speech.</summary>
    public Func<int, CancellationToken, Task>? BeforeFrame { get; init; }

    public Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<SpeechOutline> OutlineAsync(SpeechRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(
            new SpeechOutline(
                0,
                [.. Sentences(request).Select(text => new OutlinedChunk(text, null, ChunkBoundary.Sentence, 0, null))]
            )
        );

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var chunks = Sentences(request).Length;
        var frames = chunks * FramesOfChunk;
        for (var index = (request.From?.Chunks ?? 0) * FramesOfChunk; index < frames; index++)
        {
            var (chunk, isFirst) = (index / FramesOfChunk, index % FramesOfChunk == 0);
            if (isFirst)
            {
                Begun.Enqueue(chunk);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (BeforeFrame is not null)
            {
                await BeforeFrame(index, cancellationToken);
            }

            var samples = new float[FrameSamples];
            for (var i = 0; i < FrameSamples; i++)
            {
                samples[i] = 0.3f * MathF.Sin(MathF.Tau * (200 + (50 * chunk)) * ((index * FrameSamples) + i) / 24_000);
            }

            yield return new SpokenFrame(new AudioFrame(samples, SampleRateHz), (index + 1.0) / frames)
            {
                Mark = isFirst ? new SpeechMark(new SpeechPosition(chunk, index, 0, chunk > 0), []) : null,
            };
        }
    }

    public IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        IAsyncEnumerable<string> text,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException("Jobs have their text from the beginning.");

    private static string[] Sentences(SpeechRequest request) =>
        request.Text.Split('.', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
