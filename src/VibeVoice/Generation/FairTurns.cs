namespace VibeVoice.Generation;

/// <summary>One turn at a time, in the order of asking: requests that share a model alternate frame by frame.</summary>
/// <remarks>Thread-safe. A semaphore would not do: it promises no order.</remarks>
internal sealed class FairTurns
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private bool _isTaken;

    /// <returns>The turn, which ends when it is disposed.</returns>
    public async ValueTask<Turn> TakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource? place = null;
        lock (_lock)
        {
            if (_isTaken)
            {
                place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Enqueue(place);
            }

            _isTaken = true;
        }

        if (place is not null)
        {
            await using var registration = cancellationToken
                .UnsafeRegister(_ => place.TrySetCanceled(cancellationToken), null)
                .ConfigureAwait(false);
            await place.Task.ConfigureAwait(false);
        }

        return new Turn(this);
    }

    private void PassOn()
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var next))
            {
                if (next.TrySetResult()) // false for one who was cancelled
                {
                    return;
                }
            }

            _isTaken = false;
        }
    }

    /// <summary>Passes the turn on when disposed; to be disposed once.</summary>
    public readonly struct Turn(FairTurns turns) : IDisposable
    {
        public void Dispose() => turns.PassOn();
    }
}
