using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace VibeVoice.Server.Speech;

/// <summary>A text that is still being written, on its way to the engine: bounded, and in stretches that a flush ends.</summary>
/// <remarks>One writes, one reads; what is counted may be read from any thread.</remarks>
/// <param name="mostUnread">Characters that may wait for the engine; then writing waits.</param>
/// <param name="patience">How long the engine waits for text.</param>
/// <param name="timeProvider">Measures it.</param>
internal sealed class GrowingText(int mostUnread, TimeSpan patience, TimeProvider timeProvider)
{
    /// <summary>null ends a stretch.</summary>
    private readonly Channel<string?> _pieces = Channel.CreateUnbounded<string?>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }
    );

    private readonly Lock _lock = new();
    private TaskCompletionSource? _room;
    private int _unread;
    private int _taken;

    /// <summary>UTF-16 code units that the engine has taken.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Unicode scalars that were written.</summary>
    public int Characters { get; private set; }

    /// <summary>Adds text; waits while too much of it is unread.</summary>
    public async ValueTask AddAsync(string text, CancellationToken cancellationToken)
    {
        while (!TryAdd(text, out var room))
        {
            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Ends a stretch: what is there is spoken as a text of its own, and what follows as another.</summary>
    public void Flush() => _pieces.Writer.TryWrite(null);

    /// <summary>No more will come.</summary>
    public void Complete() => _pieces.Writer.TryComplete();

    /// <summary>The stretches that have words, each to be read before the next is asked for.</summary>
    /// <exception cref="TextStalledException">Text was waited for too long.</exception>
    public async IAsyncEnumerable<IAsyncEnumerable<string>> StretchesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        while (await WaitAsync(cancellationToken))
        {
            // White space at the beginning says nothing; a stretch of nothing else is none.
            if (_pieces.Reader.TryPeek(out var piece) && string.IsNullOrWhiteSpace(piece))
            {
                Take();
            }
            else
            {
                yield return StretchAsync(cancellationToken);
            }
        }
    }

    private async IAsyncEnumerable<string> StretchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await WaitAsync(cancellationToken) && Take() is { } piece)
        {
            yield return piece;
        }
    }

    /// <returns>Whether there is more; false after the last.</returns>
    private async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        var waiting = _pieces.Reader.WaitToReadAsync(cancellationToken);
        if (waiting.IsCompleted)
        {
            return await waiting;
        }

        var arriving = waiting.AsTask();
        try
        {
            return await arriving.WaitAsync(patience, timeProvider, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            return arriving.IsCompleted ? await arriving : throw new TextStalledException(patience, exception);
        }
    }

    private string? Take()
    {
        if (!_pieces.Reader.TryRead(out var piece) || piece is null)
        {
            return null;
        }

        lock (_lock)
        {
            _taken += piece.Length;
            _unread -= piece.Length;
            _room?.TrySetResult();
            _room = null;
        }

        return piece;
    }

    private bool TryAdd(string text, out Task room)
    {
        lock (_lock)
        {
            // One piece goes in whatever its length, or it never would.
            if (_unread > 0 && _unread + text.Length > mostUnread)
            {
                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
                return false;
            }

            _unread += text.Length;
        }

        room = Task.CompletedTask;
        Characters += text.EnumerateRunes().Count();
        _pieces.Writer.TryWrite(text);
        return true;
    }
}

/// <summary>The rest of a text did not come in time.</summary>
internal sealed class TextStalledException(TimeSpan patience, Exception innerException)
    : Exception($"No text came for {patience.TotalSeconds:0.#} s.", innerException);
