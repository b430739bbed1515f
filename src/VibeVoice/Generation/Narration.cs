using System.Runtime.CompilerServices;
using VibeVoice.Checkpoints;
using VibeVoice.Generation.Scheduling;
using VibeVoice.Text.Chunks;

namespace VibeVoice.Generation;

/// <summary>Speaks a script: chunk after chunk, each from the voice's prompt, and the silence between them.</summary>
/// <remarks>For one reader. The report may be read from any thread.</remarks>
internal sealed class Narration(
    VibeVoiceModel model,
    FrameScheduler scheduler,
    VoicePreset voice,
    NarrationOptions options
)
{
    private readonly int _sampleRateHz = model.SampleRateHz;
    private readonly int _samplesPerFrame = model.SamplesPerFrame;
    private SpeakReport _report = new(0, 0, TimeSpan.Zero, null, 0, EndedBeforeText: false, 0);
    private ChunkReader? _chunk;
    private long _samples;
    private int _chunks;
    private bool _isAfterSound;
    private bool _isOver;

    /// <summary>What has been handed out so far.</summary>
    public SpeakReport Report => Volatile.Read(ref _report);

    /// <summary>Frames. From the first chunk to its end the speech holds a slot.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<float>> SpeakAsync(
        ScriptReader script,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        IDisposable? slot = null;
        try
        {
            await GoToAsync(script, cancellationToken).ConfigureAwait(false);
            while (!_isOver && await script.PeekAsync(cancellationToken).ConfigureAwait(false) is { } part)
            {
                if (part.Kind != ScriptPartKind.Silence)
                {
                    slot ??= await scheduler.Slots.TakeAsync(cancellationToken).ConfigureAwait(false);
                    Publish(
                        Report with
                        {
                            Position = new(_chunks++, Report.FramesComputed, Report.TokensRead, _isAfterSound),
                        }
                    );
                }

                var frames =
                    part.Kind == ScriptPartKind.Silence
                        ? PauseAsync(script, cancellationToken)
                        : SpeakChunkAsync(model.ReadChunk(script), cancellationToken);
                await foreach (var frame in frames.ConfigureAwait(false))
                {
                    yield return frame;
                }
            }
        }
        finally
        {
            slot?.Dispose();
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

    /// <summary>Passes over what was spoken before, with the pauses between: they belong to what they follow.</summary>
    private async ValueTask GoToAsync(ScriptReader script, CancellationToken cancellationToken)
    {
        if (options.From is not { } from)
        {
            return;
        }

        (_chunks, _isAfterSound) = (from.Chunks, from.IsAfterSound);
        Publish(Report with { FramesComputed = from.FramesComputed, TokensRead = from.TokensRead });
        for (var left = from.Chunks; await script.PeekAsync(cancellationToken).ConfigureAwait(false) is { } part; )
        {
            if (left == 0 && part.Kind != ScriptPartKind.Silence)
            {
                return;
            }

            script.Take();
            left -= part.Kind == ScriptPartKind.End ? 1 : 0;
        }
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
            using var run = await OpenAsync(rest, cancellationToken).ConfigureAwait(false);
            await run.StopAtLimitsAsync(cancellationToken).ConfigureAwait(false);
            while (!run.HasEnded)
            {
                var spoken = run.FramesSpoken;
                var samples = await ComputeAsync(run, cancellationToken).ConfigureAwait(false);
                if (!samples.IsEmpty)
                {
                    await run.StopAtLimitsAsync(cancellationToken).ConfigureAwait(false);
                }

                for (; !samples.IsEmpty; samples = samples[_samplesPerFrame..])
                {
                    var frame = samples[.._samplesPerFrame];
                    var isLast = ++spoken == run.FramesSpoken && run.HasSpokenLast;
                    await FinishAsync(frame, run, spoken == 1, isLast, cancellationToken).ConfigureAwait(false);
                    yield return frame;
                }
            }

            var next = await run.FindNextAsync(cancellationToken).ConfigureAwait(false);
            var ended = new SpokenChunk(run.FramesSpoken, run.TokensRead, run.EndReason, next.IsTextLost);
            Publish(
                Report with
                {
                    EndedBeforeText = Report.EndedBeforeText || next.IsTextLost,
                    Chunks = [.. Report.Chunks, ended],
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

    private async ValueTask<ChunkRun> OpenAsync(ChunkReader chunk, CancellationToken cancellationToken)
    {
        var run = await scheduler
            .OpenAsync(voice, options.Run, Report.FramesComputed, cancellationToken)
            .ConfigureAwait(false);
        return new ChunkRun(scheduler, run, options, chunk);
    }

    /// <summary>Computes the next frames; the first of a speech alone, since it is waited for.</summary>
    private async ValueTask<Memory<float>> ComputeAsync(ChunkRun run, CancellationToken cancellationToken)
    {
        var (tokens, frames) = (run.TokensRead, run.FramesComputed);
        await run.TakeTextAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var most = Report.FramesComputed == 0 ? 1 : options.FramesPerHandOver;
            return await run.ComputeAsync(most, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (run.FramesComputed - frames is > 0 and var computed)
            {
                Publish(
                    Report with
                    {
                        FramesComputed = Report.FramesComputed + computed,
                        TokensRead = Report.TokensRead + run.TokensRead - tokens,
                    }
                );
            }
        }
    }

    /// <summary>Gives a frame the form in which it is handed out.</summary>
    private async ValueTask FinishAsync(
        Memory<float> frame,
        ChunkRun run,
        bool isFirst,
        bool isLast,
        CancellationToken cancellationToken
    )
    {
        var peak = Limit(frame.Span);
        if (isFirst && _isAfterSound)
        {
            JoinFade.In(frame.Span, _sampleRateHz);
        }

        if (
            isLast
            && await run.FindNextAsync(cancellationToken).ConfigureAwait(false)
                is { Boundary: not ChunkBoundary.TextEnd }
        )
        {
            JoinFade.Out(frame.Span, _sampleRateHz);
        }

        var report = Report;
        Publish(
            report with
            {
                FramesSpoken = report.FramesSpoken + 1,
                PeakLevel = Math.Max(report.PeakLevel, peak),
            },
            frame.Length
        );
    }

    private float Limit(Span<float> samples)
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
        _isAfterSound |= samples > 0;
        Volatile.Write(ref _report, report with { Duration = TimeSpan.FromSeconds((double)_samples / _sampleRateHz) });
    }
}
