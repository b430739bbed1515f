using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace VibeVoice.Generation.Scheduling;

/// <summary>A run as the scheduler sees it: what it asks for, and the answer, one at a time.</summary>
/// <remarks>From an ask to its answer the run is the scheduler's, else its reader's. The answer is used again and again.</remarks>
internal sealed class ScheduledRun(SpeechRun run) : IValueTaskSource<Memory<float>>
{
    private ManualResetValueTaskSourceCore<Memory<float>> _answer = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancelling;
    private CancellationToken _cancellationToken;
    private ReadOnlyMemory<int> _text;
    private int _framesWanted;
    private long _answeredAt;
    private Exception? _failure;

    public SpeechRun Run => run;

    /// <summary>Whether its reader may be expected to ask again at once, by how it asked before.</summary>
    public bool IsPrompt { get; private set; } = true;

    public bool IsCancelled => _cancellationToken.IsCancellationRequested;

    /// <summary>What a call threw; the run computes no more.</summary>
    public Exception? Failure => _failure;

    /// <summary>Whether nothing more can be computed for it.</summary>
    public bool IsOver => Failure is not null || run.End is not null;

    /// <summary>Whether the answer waits for nothing but the decoder.</summary>
    public bool IsDue => IsOver || _framesWanted == 0 || (run.HasPutOutLast && run.FramesToDecode > 0);

    /// <summary>Whether the frame that is computed, and taken, is all that the answer waits for.</summary>
    public bool WantsThisFrameAlone => _framesWanted == 1 && run.FramesToDecode == 1 && !IsOver && !IsCancelled;

    /// <summary>Where the frames that it is answered with are decoded to.</summary>
    public Memory<float> Samples { get; private set; }

    /// <summary>Begins an ask.</summary>
    /// <param name="grace">Who asks again within it is prompt.</param>
    public void Ask(ReadOnlyMemory<int> text, int frames, TimeSpan grace, CancellationToken cancellationToken)
    {
        _answer.Reset();
        (_text, _framesWanted, Samples, _cancellationToken) = (text, frames, default, cancellationToken);
        IsPrompt = _answeredAt == 0 || Stopwatch.GetElapsedTime(_answeredAt) <= grace;
    }

    /// <summary>The answer to the ask that was begun.</summary>
    /// <param name="cancel">Told of this when the ask is cancelled.</param>
    public ValueTask<Memory<float>> AnswerAsync(Action<object?> cancel)
    {
        _cancelling = _cancellationToken.UnsafeRegister(cancel, this);
        return new ValueTask<Memory<float>>(this, _answer.Version);
    }

    /// <summary>Reads the text that is due, and begins a frame.</summary>
    public void Begin()
    {
        var text = _text;
        _text = default;
        run.ReadText(text.Span);
        if (run.End is null)
        {
            run.BeginFrame();
        }
    }

    public void EndFrame(bool wasFedBack)
    {
        _framesWanted--;
        run.EndFrame(wasFedBack);
    }

    /// <summary>The frames that are due, and room for their sound.</summary>
    public DecoderWork TakeDecoderWork(int samplesPerFrame)
    {
        Samples = GC.AllocateUninitializedArray<float>(run.FramesToDecode * samplesPerFrame);
        return run.TakeDecoderWork(Samples);
    }

    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null); // two calls at once may

    public void Answer()
    {
        _answeredAt = Stopwatch.GetTimestamp();
        if (Failure is null)
        {
            _answer.SetResult(Samples);
        }
        else
        {
            _answer.SetException(Failure);
        }
    }

    public void AnswerCancelled() => _answer.SetException(new OperationCanceledException(_cancellationToken));

    Memory<float> IValueTaskSource<Memory<float>>.GetResult(short token)
    {
        _cancelling.Dispose();
        return _answer.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<Memory<float>>.GetStatus(short token) => _answer.GetStatus(token);

    void IValueTaskSource<Memory<float>>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _answer.OnCompleted(continuation, state, token, flags);
}
