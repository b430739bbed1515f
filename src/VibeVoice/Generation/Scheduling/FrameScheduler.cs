using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using VibeVoice.Checkpoints;

namespace VibeVoice.Generation.Scheduling;

/// <summary>Computes for all streams of a model, frame by frame, each frame for all who ask: continuous batching.</summary>
/// <remarks>
/// One thread makes all calls of the engine, so they never overlap. Nothing is computed that nobody asked for. Who asks is in
/// the very next frame, and who does not ask is waited for no longer than a grace, and not again until they were prompt
/// once. Thread-safe.
/// </remarks>
internal sealed class FrameScheduler : IDisposable
{
    /// <summary>
    /// How long those who had the last frame are waited for: they keep step when they ask again within it. A reader's way
    /// through thread pool and stream takes some tenths of a millisecond (docs/log.md).
    /// </summary>
    public static readonly TimeSpan UsualGrace = TimeSpan.FromMilliseconds(2);

    /// <summary>The name of the thread, for those who look.</summary>
    public const string ThreadName = "VibeVoice frames";

    private readonly object _lock = new(); // a monitor, since the thread waits with a limit
    private readonly SpeechEngine _engine;
    private readonly TimeSpan _grace;
    private readonly FrameBatch _batch;
    private readonly Action<object?> _cancel;
    private readonly List<ScheduledRun> _asking = []; // in the order of asking
    private readonly List<ScheduledRun> _expected = []; // to ask again within the grace
    private readonly Queue<Action> _alone = new();
    private readonly List<ScheduledRun> _running = []; // the thread's own, from here
    private readonly List<ScheduledRun> _due = [];
    private long _handedOverAt;
    private Thread? _thread;
    private bool _hasPutOff;
    private bool _isStopped;

    public FrameScheduler(SpeechEngine engine, int slots, int mostWaiting, TimeSpan? grace = null)
    {
        _engine = engine;
        _grace = grace ?? UsualGrace;
        _batch = new FrameBatch(engine);
        _cancel = run => Cancel((ScheduledRun)run!);
        Slots = new StreamSlots(slots, mostWaiting);
    }

    /// <summary>To be held by whoever opens runs.</summary>
    public StreamSlots Slots { get; }

    /// <summary>Opens a run, away from the caller's thread, and if the engine allows beside the frames of others.</summary>
    /// <exception cref="ModelFormatException">The voice does not fit the model.</exception>
    public async ValueTask<SpeechRun> OpenAsync(
        VoicePreset voice,
        SpeechRunOptions options,
        int firstFrame,
        CancellationToken cancellationToken
    )
    {
        if (_engine.OpensBesideCalls)
        {
            return await Task.Run(Open, cancellationToken).ConfigureAwait(false);
        }

        SpeechRun? run = null;
        await RunAloneAsync(() => run = Open(), cancellationToken).ConfigureAwait(false);
        return run!;

        SpeechRun Open() => new(_engine, voice, options, firstFrame);
    }

    /// <summary>Computes a run's next frames; they are decoded together.</summary>
    /// <param name="run">Asks for nothing else now.</param>
    /// <param name="text">Of the window that begins; empty in the middle of one.</param>
    /// <param name="frames">The most, within the window; where speech ends, there are fewer.</param>
    /// <param name="cancellationToken">Leaves within one frame.</param>
    /// <returns>What is to be put out of them.</returns>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public ValueTask<Memory<float>> ComputeAsync(
        ScheduledRun run,
        ReadOnlyMemory<int> text,
        int frames,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ThrowIfStopped();
            run.Ask(text, frames, _grace, cancellationToken);
            _expected.Remove(run);
            _asking.Add(run);
            Wake();
        }

        return run.AnswerAsync(_cancel);
    }

    /// <summary>Runs something between two frames, while no call is made.</summary>
    public async Task RunAloneAsync(Action work, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            ThrowIfStopped();
            _alone.Enqueue(Run);
            Wake();
        }

        await done.Task.ConfigureAwait(false); // also when cancelled: what it uses is in use until it is over

        [SuppressMessage(
            "Design",
            "CA1031",
            Justification = "A hand-over between threads: the caller throws it again."
        )]
        void Run()
        {
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                work();
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        }
    }

    /// <summary>A run will not ask again: nobody waits for it.</summary>
    public void Leave(ScheduledRun run)
    {
        lock (_lock)
        {
            if (_expected.Remove(run))
            {
                Monitor.Pulse(_lock);
            }
        }
    }

    /// <summary>Lets the frame that is computed be handed over; whoever asks for more fails.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isStopped = true;
            Monitor.Pulse(_lock);
        }

        Slots.Close();
    }

    private void ThrowIfStopped() => ObjectDisposedException.ThrowIf(_isStopped, typeof(VibeVoiceModel));

    private void Wake()
    {
        if (_thread is null)
        {
            _thread = new Thread(Loop) { IsBackground = true, Name = ThreadName };
            _thread.UnsafeStart();
        }

        Monitor.Pulse(_lock);
    }

    private void Cancel(ScheduledRun run)
    {
        lock (_lock)
        {
            if (!_asking.Remove(run)) // else it is in a frame, and found when that ends
            {
                return;
            }
        }

        run.AnswerCancelled();
    }

    private void Loop()
    {
        while (WaitForWork(out var alone))
        {
            if (alone is not null)
            {
                alone();
                continue;
            }

            _batch.Compute(_running);
            HandOver(frames => frames == 1); // whoever waits for one frame does not wait for others' six
            _hasPutOff = !_hasPutOff && SomeoneBegins();
            if (!_hasPutOff)
            {
                HandOver(_ => true);
            }

            GoOn();
        }
    }

    /// <returns>False when it is over.</returns>
    private bool WaitForWork(out Action? alone)
    {
        lock (_lock)
        {
            while (true)
            {
                if (_isStopped)
                {
                    Stop();
                    alone = null;
                    return false;
                }

                if (_alone.TryDequeue(out alone))
                {
                    return true;
                }

                if (_asking.Count == 0)
                {
                    Monitor.Wait(_lock);
                }
                else if (_expected.Count > 0 && _grace - Stopwatch.GetElapsedTime(_handedOverAt) is { Ticks: > 0 } left)
                {
                    Monitor.Wait(_lock, (int)Math.Ceiling(left.TotalMilliseconds));
                }
                else if (Admit())
                {
                    return true;
                }
            }
        }
    }

    /// <summary>All who ask are in the next frame; slots bound how many they are.</summary>
    private bool Admit()
    {
        _expected.Clear(); // who comes now comes late
        foreach (var run in _asking)
        {
            if (run.IsCancelled)
            {
                run.AnswerCancelled();
            }
            else
            {
                _running.Add(run);
            }
        }

        _asking.Clear();
        return _running.Count > 0;
    }

    /// <summary>Decodes and answers those who are due with as many frames.</summary>
    private void HandOver(Func<int, bool> choose)
    {
        _due.Clear();
        foreach (var run in _running)
        {
            if (
                run.IsDue
                && !run.IsCancelled
                && (run.Failure is not null || choose(Math.Max(1, run.Run.FramesToDecode)))
            )
            {
                _due.Add(run);
            }
        }

        if (_due.Count == 0)
        {
            return;
        }

        _batch.Decode(_due);
        lock (_lock)
        {
            _handedOverAt = Stopwatch.GetTimestamp();
            foreach (var run in _due)
            {
                _running.Remove(run);
                if (run is { IsPrompt: true, IsOver: false })
                {
                    _expected.Add(run);
                }
            }
        }

        foreach (var run in _due)
        {
            run.Answer();
        }
    }

    /// <summary>Whether a stream waits for its first frame: it goes before what takes longer and is not waited for, but once.</summary>
    private bool SomeoneBegins()
    {
        lock (_lock)
        {
            return _asking.Exists(run => run.Run.FramesComputed == 0);
        }
    }

    /// <summary>Those who asked for more frames keep their places, before all who ask now.</summary>
    private void GoOn()
    {
        _batch.Clear();
        lock (_lock)
        {
            _asking.InsertRange(0, _running);
        }

        _running.Clear();
        _due.Clear();
    }

    private void Stop()
    {
        foreach (var run in _asking)
        {
            run.Fail(new ObjectDisposedException(nameof(VibeVoiceModel)));
            run.Answer();
        }

        _asking.Clear();
        while (_alone.TryDequeue(out var alone))
        {
            alone();
        }
    }
}
