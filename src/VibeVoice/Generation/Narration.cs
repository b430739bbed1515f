using System.Runtime.CompilerServices;
using VibeVoice.Checkpoints;
using VibeVoice.Text.Chunks;

namespace VibeVoice.Generation;

/// <summary>Speaks a script: chunk after chunk, each from the voice's prompt, and the silence between them.</summary>
/// <remarks>For one reader. The report may be read from any thread.</remarks>
internal sealed class Narration(VibeVoiceModel model, Engine engine, VoicePreset voice, NarrationOptions options)
{
    private readonly int _sampleRateHz = engine.Config.SampleRateHz;
    private readonly int _samplesPerFrame = engine.Config.Acoustic.SamplesPerFrame;
    private SpeakReport _report = new(0, 0, TimeSpan.Zero, null, 0, EndedBeforeText: false, 0);
    private ChunkReader? _chunk;
    private long _samples;
    private bool _isOver;

    /// <summary>What has been handed out so far.</summary>
    public SpeakReport Report => Volatile.Read(ref _report);

    /// <summary>Frames, each handed out before the next is computed.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<float>> SpeakAsync(
        ScriptReader script,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        while (!_isOver && await script.PeekAsync(cancellationToken).ConfigureAwait(false) is { } part)
        {
            var frames =
                part.Kind == ScriptPartKind.Silence
                    ? PauseAsync(script, cancellationToken)
                    : SpeakChunkAsync(model.ReadChunk(script), cancellationToken);
            await foreach (var frame in frames.ConfigureAwait(false))
            {
                yield return frame;
            }
        }

        var reason = Report.Chunks is [.., var last] ? last.EndReason : SpeechEndReason.EndOfSpeech;
        Publish(Report with { EndReason = reason });
    }

    /// <summary>No more frames are wanted.</summary>
    public void Cancel(ScriptReader script)
    {
        var isRead = script.IsAtEnd && (_chunk is null or { IsConsumed: true });
        Publish(
            Report with
            {
                EndReason = SpeechEndReason.Cancelled,
                EndedBeforeText = Report.EndedBeforeText || !isRead,
            }
        );
    }

    /// <summary>Pauses that follow each other are one, so that their sum is rounded once.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<float>> PauseAsync(
        ScriptReader script,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (pause, handedOut) = (TimeSpan.Zero, 0L);
        while (await script.PeekAsync(cancellationToken).ConfigureAwait(false) is { Kind: ScriptPartKind.Silence } part)
        {
            script.Take();
            pause += part.Pause;
            var due = Silence.Samples(pause, _sampleRateHz);
            foreach (var frame in BeSilent(due - handedOut, cancellationToken))
            {
                yield return frame;
            }

            handedOut = due;
        }
    }

    private IEnumerable<ReadOnlyMemory<float>> BeSilent(long samples, CancellationToken cancellationToken)
    {
        foreach (var frame in Silence.Frames(samples, _samplesPerFrame))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Publish(Report, frame.Length);
            yield return frame;
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<float>> SpeakChunkAsync(
        ChunkReader chunk,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        for (ChunkReader? rest = chunk; rest is not null; )
        {
            _chunk = rest;
            using var run = new ChunkRun(engine, voice, options, rest, Report.FramesComputed);
            await run.StopAtLimitsAsync(cancellationToken).ConfigureAwait(false);
            while (!run.HasEnded)
            {
                var samples = await NextFrameAsync(run, cancellationToken).ConfigureAwait(false);
                if (samples is not null)
                {
                    yield return samples;
                }
            }

            var next = await run.FindNextAsync(cancellationToken).ConfigureAwait(false);
            var spoken = new SpokenChunk(run.FramesSpoken, run.TokensRead, run.EndReason, next.IsTextLost);
            Publish(
                Report with
                {
                    EndedBeforeText = Report.EndedBeforeText || next.IsTextLost,
                    Chunks = [.. Report.Chunks, spoken],
                }
            );
            rest = next.Rest;
            _isOver = next.EndsSpeech;
            var silence = Silence.Samples(options.SilenceAfter(next.Boundary), _sampleRateHz);
            foreach (var frame in BeSilent(silence, cancellationToken))
            {
                yield return frame;
            }
        }
    }

    /// <returns>What is to be handed out; null for a frame after the end of speech.</returns>
    private async ValueTask<float[]?> NextFrameAsync(ChunkRun run, CancellationToken cancellationToken)
    {
        var before = run.TokensRead;
        await run.TakeTextAsync(cancellationToken).ConfigureAwait(false);
        var samples = await ComputeAsync(run, cancellationToken).ConfigureAwait(false);
        var report = Report with
        {
            FramesComputed = Report.FramesComputed + 1,
            TokensRead = Report.TokensRead + run.TokensRead - before,
        };
        if (samples is null)
        {
            Publish(report);
            return null;
        }

        await run.StopAtLimitsAsync(cancellationToken).ConfigureAwait(false);
        var peak = Limit(samples);
        if (run.FramesSpoken == 1 && _samples > 0)
        {
            JoinFade.In(samples, _sampleRateHz);
        }

        if (
            run.HasSpokenLast
            && await run.FindNextAsync(cancellationToken).ConfigureAwait(false)
                is { Boundary: not ChunkBoundary.TextEnd }
        )
        {
            JoinFade.Out(samples, _sampleRateHz);
        }

        Publish(
            report with
            {
                FramesSpoken = report.FramesSpoken + 1,
                PeakLevel = Math.Max(report.PeakLevel, peak),
            },
            samples.Length
        );
        return samples;
    }

    /// <summary>One turn, away from the reader's thread.</summary>
    private async ValueTask<float[]?> ComputeAsync(ChunkRun run, CancellationToken cancellationToken)
    {
        using var turn = await model.TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(run.NextFrame, cancellationToken).ConfigureAwait(false);
    }

    private float Limit(float[] samples)
    {
        var peak = 0f;
        for (var i = 0; i < samples.Length; i++)
        {
            peak = Math.Max(peak, Math.Abs(samples[i])); // NaN stays
            samples[i] = Math.Clamp(samples[i], -1f, 1f); // each by itself: what is in range is never touched
        }

        return float.IsFinite(peak)
            ? peak
            : throw new InvalidOperationException(
                $"Frame {Report.FramesSpoken} holds a sample that is not a number. Check that the weights are not damaged."
            );
    }

    private void Publish(SpeakReport report, int samples = 0)
    {
        _samples += samples;
        Volatile.Write(ref _report, report with { Duration = TimeSpan.FromSeconds((double)_samples / _sampleRateHz) });
    }
}
