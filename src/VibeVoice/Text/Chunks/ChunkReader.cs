namespace VibeVoice.Text.Chunks;

/// <summary>One chunk of a text that may still be arriving: its tokens, in windows, and where it ends.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class ChunkReader
{
    private readonly ScriptReader _script;
    private readonly TextTokenizer _tokenizer;
    private readonly ChunkTokens _tokens;
    private readonly List<ScriptPart> _words = [];
    private ChunkBoundary? _end;

    /// <param name="script">Its next step is the first of the chunk.</param>
    public ChunkReader(ScriptReader script, TextTokenizer tokenizer)
    {
        _script = script;
        _tokenizer = tokenizer;
        _tokens = new ChunkTokens(tokenizer);
    }

    /// <summary>Tokens taken so far.</summary>
    public int Taken => _tokens.Taken;

    /// <summary>Whether all tokens of the chunk were taken, as far as is known without waiting for text.</summary>
    public bool IsConsumed => _tokens.IsComplete && _tokens.Waiting == 0;

    /// <summary>How many tokens are left, but no more than <paramref name="most"/>.</summary>
    public async ValueTask<int> CountLeftAsync(int most, CancellationToken cancellationToken)
    {
        while (_tokens.Waiting < most && !_tokens.IsComplete)
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        return Math.Min(most, _tokens.Waiting);
    }

    /// <summary>The next tokens: fewer than asked for only at the end of the chunk, none after it.</summary>
    public async ValueTask<int[]> TakeAsync(int count, CancellationToken cancellationToken) =>
        _tokens.Take(await CountLeftAsync(count, cancellationToken).ConfigureAwait(false));

    /// <summary>Reads to the end of the chunk, whose unread tokens are given up.</summary>
    /// <returns>What ends it.</returns>
    public async ValueTask<ChunkBoundary> ReadEndAsync(CancellationToken cancellationToken)
    {
        while (_end is null)
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        return _end.Value;
    }

    /// <summary>
    /// Where to go on when the model could read no further: at the first sentence that it has not read whole, or, if
    /// that is the first of all, at the first token that it has not read.
    /// </summary>
    /// <returns>The rest of the chunk, and the kind of place before it.</returns>
    public (ChunkReader Chunk, ChunkBoundary Before) GoOn()
    {
        var read = _tokens.CharactersTaken;
        var (first, position) = (0, 0);
        for (var i = 0; i < _words.Count && position <= read; i++)
        {
            first = _words[i].Boundary >= ChunkBoundary.Sentence ? i : first;
            position += _words[i].Text.Length;
        }

        if (first == 0)
        {
            return (this, ChunkBoundary.Word);
        }

        var rest = new ChunkReader(_script, _tokenizer);
        rest.Add(_words[first] with { Text = _words[first].Text.TrimStart(' ', '\n') });
        foreach (var words in _words[(first + 1)..])
        {
            rest.Add(words);
        }

        if (_end is { } end)
        {
            rest.End(end);
        }

        return (rest, _words[first].Boundary);
    }

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        await _script.PeekAsync(cancellationToken).ConfigureAwait(false);
        var part = _script.Take();
        if (part.Kind == ScriptPartKind.End)
        {
            End(part.Boundary);
        }
        else
        {
            Add(part);
        }
    }

    private void Add(ScriptPart words)
    {
        _words.Add(words);
        _tokens.Add(words.Text);
    }

    private void End(ChunkBoundary boundary)
    {
        _end = boundary;
        _tokens.Finish();
    }
}
