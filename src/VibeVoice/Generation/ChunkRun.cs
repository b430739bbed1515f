using VibeVoice.Generation.Scheduling;
using VibeVoice.Text.Chunks;

namespace VibeVoice.Generation;

/// <summary>One chunk being spoken: its text, its run of the model, its limits, and what comes after it.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class ChunkRun(FrameScheduler scheduler, SpeechRun run, NarrationOptions options, ChunkReader chunk)
    : IDisposable
{
    private readonly SpeechRun _run = run;
    private readonly ScheduledRun _place = new(run);
    private readonly int _tokensBefore = chunk.Taken;
    private int[] _window = [];
    private NextChunk? _next;

    /// <summary>Whether nothing is left to compute.</summary>
    public bool HasEnded => _run.End is not null;

    /// <summary>Whether the frame that was put out last is the last one to be.</summary>
    public bool HasSpokenLast => _run.HasPutOutLast;

    public SpeechEndReason EndReason => _run.End!.Value;

    public int FramesComputed => _run.FramesComputed;

    public int FramesSpoken => _run.FramesPutOut;

    public int TokensRead => chunk.Taken - _tokensBefore;

    /// <summary>Takes the text of the window that begins, where one does; waits for it if need be.</summary>
    public async ValueTask TakeTextAsync(CancellationToken cancellationToken) =>
        _window = _run.NeedsText
            ? await chunk.TakeAsync(SpeechRun.TokensPerWindow, cancellationToken).ConfigureAwait(false)
            : [];

    /// <summary>Computes frames, and before them the text that was taken.</summary>
    /// <param name="most">How many; there are fewer where the window, a limit or the speech ends.</param>
    /// <returns>Samples of those that are to be handed out.</returns>
    public ValueTask<Memory<float>> ComputeAsync(int most, CancellationToken cancellationToken)
    {
        var left = _run.FramesLeftOfWindow;
        var frames = _run.SpeechHasEnded
            ? left // none is put out, so none is waited for
            : Math.Min(most, Math.Min(left, options.ChunkFrames - _run.FramesPutOut));
        return scheduler.ComputeAsync(_place, _window, frames, cancellationToken);
    }

    /// <summary>Ends the run where a limit comes before the next frame, so that its last frame can still fade out.</summary>
    public async ValueTask StopAtLimitsAsync(CancellationToken cancellationToken)
    {
        if (_run.HasPutOutLast)
        {
            return;
        }

        if (_run.FramesPutOut >= options.ChunkFrames)
        {
            _run.Stop(SpeechEndReason.DurationLimit);
        }
        else if (_run.NeedsText && _run.Room < SpeechRun.TokensPerWindow)
        {
            var due = await chunk.CountLeftAsync(SpeechRun.TokensPerWindow, cancellationToken).ConfigureAwait(false);
            if (due > _run.Room)
            {
                _run.Stop(SpeechEndReason.PositionLimit);
            }
        }
    }

    /// <summary>What comes after the last frame; waits for the end of the chunk if need be.</summary>
    public async ValueTask<NextChunk> FindNextAsync(CancellationToken cancellationToken) =>
        _next ??= await FindAsync(cancellationToken).ConfigureAwait(false);

    public void Dispose()
    {
        scheduler.Leave(_place);
        _run.Dispose();
    }

    private async ValueTask<NextChunk> FindAsync(CancellationToken cancellationToken)
    {
        var isUnread = await chunk.CountLeftAsync(1, cancellationToken).ConfigureAwait(false) > 0;
        var isLimit = _run.End is SpeechEndReason.PositionLimit or SpeechEndReason.DurationLimit;
        if (isUnread && isLimit && options.LongText is null)
        {
            // Nothing more will be spoken, so nothing more is waited for: a text may have no end.
            return new NextChunk(null, ChunkBoundary.TextEnd, IsTextLost: true, EndsSpeech: true);
        }

        if (isUnread && isLimit && TokensRead > 0)
        {
            var (rest, before) = chunk.GoOn();
            return new NextChunk(rest, before, IsTextLost: false);
        }

        return new NextChunk(null, await chunk.ReadEndAsync(cancellationToken).ConfigureAwait(false), isUnread);
    }
}

/// <summary>What comes after a chunk.</summary>
/// <param name="Rest">What a limit left of it, to be spoken next.</param>
/// <param name="Boundary">What lies before that, or ends the chunk.</param>
/// <param name="IsTextLost">Whether some of the chunk is never read.</param>
/// <param name="EndsSpeech">Whether a limit leaves no way to go on, whatever text there is.</param>
internal sealed record NextChunk(ChunkReader? Rest, ChunkBoundary Boundary, bool IsTextLost, bool EndsSpeech = false);
