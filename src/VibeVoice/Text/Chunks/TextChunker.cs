using System.Globalization;
using VibeVoice.Text.Preparation;

namespace VibeVoice.Text.Chunks;

/// <summary>Splits prepared text that may still be growing into chunks that fit a budget of tokens.</summary>
/// <remarks>
/// Words are handed on as soon as they surely belong to the open chunk. Whether one ends is decided by the text up to
/// there and a fixed look-ahead, so any cutting of the text gives the same chunks. Not thread-safe.
/// </remarks>
/// <param name="countTokens">Tokens of a piece of text.</param>
/// <param name="budget">The most tokens of a chunk, from 1.</param>
internal sealed class TextChunker(Func<string, int> countTokens, int budget)
{
    /// <summary>A rest of the text that is shorter than this, in characters, is no chunk of its own if it still fits.</summary>
    private const int ShortRest = 60;

    private readonly AtomReader _atoms = new();
    private readonly LinkedList<(Atom Atom, int Tokens)> _waiting = new();
    private int _waitingLength;
    private int _tokens;
    private bool _isOpen;

    public IEnumerable<ScriptPart> Append(PreparedPiece piece)
    {
        if (piece.Pause is not { } pause)
        {
            return Read(_atoms.Append(piece.Text), isEnd: false);
        }

        return [.. End(ChunkBoundary.Pause), ScriptPart.Silence(pause)];
    }

    /// <summary>No more text will come.</summary>
    public IEnumerable<ScriptPart> Finish() => End(ChunkBoundary.TextEnd);

    private List<ScriptPart> End(ChunkBoundary boundary)
    {
        List<ScriptPart> parts = [.. Read(_atoms.Finish(), isEnd: true)];
        if (_isOpen)
        {
            parts.Add(ScriptPart.End(boundary));
            _isOpen = false;
        }

        return parts;
    }

    private List<ScriptPart> Read(IEnumerable<Atom> atoms, bool isEnd)
    {
        foreach (var atom in atoms)
        {
            _waiting.AddLast((atom, countTokens(atom.Text)));
            _waitingLength += atom.Text.Length;
        }

        var parts = new List<ScriptPart>();
        while (_waiting.First is { } first && EndsBefore(first.Value, isEnd) is { } endsHere)
        {
            var (atom, tokens) = first.Value;
            _waiting.RemoveFirst();
            _waitingLength -= atom.Text.Length;
            if (endsHere)
            {
                parts.Add(ScriptPart.End(atom.Before));
                _isOpen = false;
            }

            if (!_isOpen)
            {
                (atom, tokens) = BeginWith(atom);
            }

            parts.Add(ScriptPart.Words(atom.Text, atom.Before));
            _isOpen = true;
            _tokens += tokens;
        }

        return parts;
    }

    /// <returns>Whether the open chunk ends before this atom; null when the text that follows will tell.</returns>
    private bool? EndsBefore((Atom Atom, int Tokens) next, bool isEnd)
    {
        if (!_isOpen)
        {
            return false;
        }

        if (_tokens + next.Tokens > budget)
        {
            return true;
        }

        if (_tokens < Threshold(next.Atom.Before))
        {
            return false;
        }

        if (_waitingLength >= ShortRest)
        {
            return true;
        }

        return isEnd ? _tokens + _waiting.Sum(waiting => waiting.Tokens) > budget : null;
    }

    /// <summary>From how many tokens on such a place ends a chunk.</summary>
    private double Threshold(ChunkBoundary boundary) =>
        boundary switch
        {
            ChunkBoundary.Paragraph => 0.5 * budget,
            ChunkBoundary.Sentence => 0.75 * budget,
            ChunkBoundary.Clause => 0.9 * budget,
            _ => double.PositiveInfinity,
        };

    /// <summary>Begins a chunk; what does not fit even an empty one is cut between graphemes, and the rest waits.</summary>
    private (Atom Atom, int Tokens) BeginWith(Atom atom)
    {
        _tokens = 0;
        var text = atom.Text.TrimStart(' ', '\n');
        var tokens = countTokens(text);
        if (tokens <= budget)
        {
            return (new Atom(atom.Before, text), tokens);
        }

        var end = StringInfo.GetNextTextElementLength(text);
        for (var next = end; next < text.Length && countTokens(text[..next]) <= budget; )
        {
            end = next;
            next += StringInfo.GetNextTextElementLength(text.AsSpan(next));
        }

        if (end < text.Length)
        {
            var rest = new Atom(ChunkBoundary.Anywhere, text[end..]);
            _waiting.AddFirst((rest, countTokens(rest.Text)));
            _waitingLength += rest.Text.Length;
        }

        return (new Atom(atom.Before, text[..end]), countTokens(text[..end]));
    }
}
