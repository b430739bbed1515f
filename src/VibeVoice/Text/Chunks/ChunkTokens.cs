using VibeVoice.Generation;

namespace VibeVoice.Text.Chunks;

/// <summary>The tokens of one chunk, as its words come in.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class ChunkTokens(TextTokenizer tokenizer)
{
    private readonly StableText _stable = new();
    private readonly Queue<int> _waiting = new();
    private readonly List<(int Characters, int Tokens)> _pieces = [];
    private int _characters;
    private int _made;

    /// <summary>Tokens that are certain and were not taken.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Tokens taken so far.</summary>
    public int Taken => _made - _waiting.Count;

    /// <summary>Whether all words have come.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>How many characters of the chunk have all their tokens among those taken.</summary>
    public int CharactersTaken => _pieces.LastOrDefault(piece => piece.Tokens <= Taken).Characters;

    public void Add(string words) => Encode(_stable.Append(words));

    /// <summary>No more words will come.</summary>
    public void Finish()
    {
        IsComplete = true;
        Encode(_stable.Finish());
    }

    /// <returns>Up to <paramref name="count"/> tokens.</returns>
    public int[] Take(int count)
    {
        var tokens = new int[Math.Min(count, _waiting.Count)];
        for (var i = 0; i < tokens.Length; i++)
        {
            tokens[i] = _waiting.Dequeue();
        }

        return tokens;
    }

    private void Encode(string certain)
    {
        foreach (var token in tokenizer.Encode(certain))
        {
            _waiting.Enqueue(token);
            _made++;
        }

        _characters += certain.Length;
        _pieces.Add((_characters, _made));
    }
}
