using System.Threading.RateLimiting;
using VibeVoice.Server.Queue;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>How many requests are spoken at once, and how many may wait for one of those to end.</summary>
/// <remarks>Safe to use from many threads.</remarks>
internal sealed class SpeechSlots : IDisposable
{
    /// <summary>How much the newest request counts in what is expected of the next.</summary>
    private const double Newest = 0.3;

    private readonly TimeProvider _timeProvider;
    private readonly ConcurrencyLimiter _limiter;
    private readonly Lock _lock = new();
    private readonly HashSet<SpeechSlot> _active = [];
    private double _secondsPerCharacter;
    private TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SpeechSlots(QueueOptions queue, HttpOptions options, TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _limiter = new ConcurrencyLimiter(
            new ConcurrencyLimiterOptions
            {
                PermitLimit = queue.Concurrency,
                QueueLimit = options.QueueLength,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }
        );
    }

    /// <summary>Requests being spoken.</summary>
    public int Active
    {
        get
        {
            lock (_lock)
            {
                return _active.Count;
            }
        }
    }

    /// <summary>Requests that wait.</summary>
    public int Waiting => (int)_limiter.GetStatistics()!.CurrentQueuedCount;

    /// <summary>Waits for a slot.</summary>
    /// <param name="characters">Length of the text, by which it is judged how long the slot is held.</param>
    /// <param name="cancellationToken">Gives the place in the queue up.</param>
    /// <exception cref="ApiException">Too many wait already.</exception>
    public async Task<SpeechSlot> EnterAsync(int characters, CancellationToken cancellationToken)
    {
        var lease = await _limiter.AcquireAsync(1, cancellationToken);
        if (!lease.IsAcquired)
        {
            lease.Dispose();
            throw ApiException.QueueFull(Active, Waiting, UntilNextIsFree());
        }

        return Add(new SpeechSlot(this, lease, characters, _timeProvider.GetTimestamp()));
    }

    /// <summary>A slot that nobody waits for; null where there is none. For work that gives way to requests.</summary>
    /// <param name="characters">As above.</param>
    public SpeechSlot? TryEnterIdle(int characters)
    {
        var lease = _limiter.AttemptAcquire(1);
        if (lease.IsAcquired)
        {
            return Add(new SpeechSlot(this, lease, characters, _timeProvider.GetTimestamp()));
        }

        lease.Dispose();
        return null;
    }

    /// <summary>Ends when the next slot is given back.</summary>
    public Task NextLeave
    {
        get
        {
            lock (_lock)
            {
                return _left.Task;
            }
        }
    }

    public void Dispose() => _limiter.Dispose();

    internal void Leave(SpeechSlot slot)
    {
        lock (_lock)
        {
            _active.Remove(slot);
            if (slot is { IsSpoken: true, IsOfGrowingText: false })
            {
                var measured = Elapsed(slot).TotalSeconds / Math.Max(1, slot.Characters);
                _secondsPerCharacter =
                    _secondsPerCharacter == 0 ? measured : (Newest * measured) + ((1 - Newest) * _secondsPerCharacter);
            }
        }
    }

    /// <summary>After the permit was given back.</summary>
    internal void TellLeft()
    {
        TaskCompletionSource left;
        lock (_lock)
        {
            (left, _left) = (_left, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        left.SetResult();
    }

    private SpeechSlot Add(SpeechSlot slot)
    {
        lock (_lock)
        {
            _active.Add(slot);
        }

        return slot;
    }

    /// <summary>When the first of the active ends, and the queue moves on: by its own pace, else by that of those before.</summary>
    private TimeSpan UntilNextIsFree()
    {
        lock (_lock)
        {
            return _active.Count == 0 ? TimeSpan.Zero : _active.Min(Remaining);
        }
    }

    private TimeSpan Remaining(SpeechSlot slot)
    {
        var elapsed = Elapsed(slot);
        var whole =
            slot.ShareOfText > 0 ? elapsed / slot.ShareOfText
            : _secondsPerCharacter > 0 ? TimeSpan.FromSeconds(_secondsPerCharacter * slot.Characters)
            : elapsed + TimeSpan.FromSeconds(1);
        return whole > elapsed ? whole - elapsed : TimeSpan.Zero;
    }

    private TimeSpan Elapsed(SpeechSlot slot) => _timeProvider.GetElapsedTime(slot.Begun);
}

/// <summary>One request's turn; dispose it as soon as the engine has no more to do for it.</summary>
internal sealed class SpeechSlot(SpeechSlots slots, RateLimitLease lease, int characters, long begun) : IDisposable
{
    private int _isLeft;

    public int Characters { get; set; } = characters;

    /// <summary>Whether its text is still being written, so that its time tells nothing of the next.</summary>
    public bool IsOfGrowingText { get; set; }

    public long Begun { get; } = begun;

    /// <summary>How much of the text has been spoken, 0 to 1.</summary>
    public double ShareOfText { get; set; }

    /// <summary>Whether it came to its end, so that its time tells something of the next.</summary>
    public bool IsSpoken { get; set; }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isLeft, 1) == 0)
        {
            slots.Leave(this);
            lease.Dispose();
            slots.TellLeft();
        }
    }
}
