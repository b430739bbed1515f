namespace VibeVoice.Text.Chunks;

/// <summary>Reads the steps of a script whose text may still be arriving.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class ScriptReader(SpeechScript script, IAsyncEnumerable<string> text) : IAsyncDisposable
{
    private readonly Queue<ScriptPart> _parts = new();
    private IAsyncEnumerator<string>? _source;
    private Task<bool>? _next;
    private bool _isComplete;

    /// <summary>Whether all steps were taken, as far as is known without waiting for text.</summary>
    public bool IsAtEnd => _isComplete && _parts.Count == 0;

    /// <summary>The next step, which stays the next one; null after the last.</summary>
    /// <exception cref="PauseTooLongException">The text has come to one.</exception>
    public async ValueTask<ScriptPart?> PeekAsync(CancellationToken cancellationToken)
    {
        while (_parts.Count == 0 && !_isComplete)
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        return _parts.TryPeek(out var part) ? part : null;
    }

    /// <summary>Takes the step that was looked at.</summary>
    public ScriptPart Take() => _parts.Dequeue();

    public ValueTask DisposeAsync()
    {
        if (_source is not { } source)
        {
            return ValueTask.CompletedTask;
        }

        // A source that did not heed the cancellation may still be waiting; disposing it then is not allowed.
        if (_next is { IsCompleted: false } waiting)
        {
            _ = waiting.ContinueWith(
                _ => source.DisposeAsync().AsTask(),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
            return ValueTask.CompletedTask;
        }

        return source.DisposeAsync();
    }

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        _source ??= text.GetAsyncEnumerator(cancellationToken);
        _next = _source.MoveNextAsync().AsTask();
        _isComplete = !await _next.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var part in _isComplete ? script.Finish() : script.Append(_source.Current))
        {
            _parts.Enqueue(part);
        }
    }
}
