using VibeVoice.Text;

namespace VibeVoice.Generation;

/// <summary>The tokens of a text that may still be arriving, in windows.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TokenStream(TextTokenizer tokenizer, IAsyncEnumerable<string> text) : IAsyncDisposable
{
    private readonly StableText _stable = new();
    private readonly Queue<int> _tokens = new();
    private IAsyncEnumerator<string>? _source;
    private Task<bool>? _next;

    /// <summary>Tokens taken so far.</summary>
    public int Taken { get; private set; }

    /// <summary>Whether the text has come to its end and all its tokens were taken.</summary>
    public bool IsConsumed => IsComplete && _tokens.Count == 0;

    private bool IsComplete { get; set; }

    /// <summary>The next tokens: fewer than asked for only at the end of the text, none after it.</summary>
    public async ValueTask<int[]> TakeAsync(int count, CancellationToken cancellationToken)
    {
        while (_tokens.Count < count && !IsComplete)
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        var window = new int[Math.Min(count, _tokens.Count)];
        for (var i = 0; i < window.Length; i++)
        {
            window[i] = _tokens.Dequeue();
        }

        Taken += window.Length;
        return window;
    }

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
        IsComplete = !await _next.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var token in tokenizer.Encode(IsComplete ? _stable.Finish() : _stable.Append(_source.Current)))
        {
            _tokens.Enqueue(token);
        }
    }
}
