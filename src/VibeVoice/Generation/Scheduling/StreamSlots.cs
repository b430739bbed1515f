namespace VibeVoice.Generation.Scheduling;

/// <summary>Places for streams: so many at once, more wait in the order of asking, and no more than so many wait.</summary>
/// <remarks>Thread-safe. A semaphore would not do: it promises no order.</remarks>
internal sealed class StreamSlots(int count, int mostWaiting)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private int _taken;
    private bool _isClosed;

    /// <summary>Slots that are held, for those who look.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <returns>The slot, which is free again when it is disposed.</returns>
    /// <exception cref="ModelBusyException">As many wait as may.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public async ValueTask<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource> place;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(VibeVoiceModel));
            if (_taken < count)
            {
                _taken++;
                return new Slot(this);
            }

            if (_waiting.Count >= mostWaiting)
            {
                throw new ModelBusyException(count, mostWaiting);
            }

            place = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        await using (
            cancellationToken.UnsafeRegister(_ => GiveUp(place, cancellationToken), null).ConfigureAwait(false)
        )
        {
            await place.Value.Task.ConfigureAwait(false);
        }

        return new Slot(this);
    }

    /// <summary>Nobody gets a slot any more; those who hold one keep it.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (var place in _waiting)
            {
                place.SetException(new ObjectDisposedException(nameof(VibeVoiceModel)));
            }

            _waiting.Clear();
        }
    }

    private void GiveUp(LinkedListNode<TaskCompletionSource> place, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (place.List is not null) // else it has got its slot
            {
                _waiting.Remove(place);
                place.Value.SetCanceled(cancellationToken);
            }
        }
    }

    private void PassOn()
    {
        lock (_lock)
        {
            if (_waiting.First is { } next)
            {
                _waiting.RemoveFirst();
                next.Value.SetResult();
            }
            else
            {
                _taken--;
            }
        }
    }

    private sealed class Slot(StreamSlots slots) : IDisposable
    {
        private StreamSlots? _slots = slots;

        public void Dispose() => Interlocked.Exchange(ref _slots, null)?.PassOn();
    }
}
