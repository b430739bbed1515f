using System.Globalization;

namespace VibeVoice.Text.Chunks;

/// <summary>Cuts prepared text that may still be growing into atoms: at white space, else after marks that need none.</summary>
/// <remarks>Any cutting of the text gives the same atoms. Not thread-safe.</remarks>
internal sealed class AtomReader
{
    /// <summary>What has no place to be cut is cut between two graphemes at this length.</summary>
    public const int MaxLength = 64;

    private string _pending = "";
    private Atom? _last;

    public IEnumerable<Atom> Append(string text) => Read(_pending + text, isEnd: false);

    /// <summary>No more text will come, or a pause comes, after which a new text begins.</summary>
    public IEnumerable<Atom> Finish()
    {
        var atoms = Read(_pending, isEnd: true);
        _last = null;
        return atoms;
    }

    private List<Atom> Read(string text, bool isEnd)
    {
        var atoms = new List<Atom>();
        var position = 0;
        while (position < text.Length && FindEnd(text.AsSpan(position), isEnd) is > 0 and var length)
        {
            var piece = text.Substring(position, length);
            var before = _last is { } last ? SentenceRules.Between(last, piece) : ChunkBoundary.Paragraph;
            _last = new Atom(before, piece);
            atoms.Add(_last.Value);
            position += length;
        }

        _pending = text[position..];
        return atoms;
    }

    /// <returns>The length of the first atom; 0 when more text will tell.</returns>
    private static int FindEnd(ReadOnlySpan<char> text, bool isEnd)
    {
        var start = text.IndexOfAnyExcept(' ', '\n');
        if (start < 0)
        {
            return isEnd ? text.Length : 0;
        }

        var limit = Math.Min(text.Length, start + MaxLength);
        for (var i = start; i < limit; i++)
        {
            if (text[i] is ' ' or '\n')
            {
                return i;
            }

            if (!SentenceRules.NeedsNoSpaceAfter(text[i]))
            {
                continue;
            }

            // The last of several marks ends the atom.
            var more = text[(i + 1)..].IndexOfAnyExcept(SentenceRules.MarksAndClosings);
            if (more >= 0 && i + 1 + more <= start + MaxLength)
            {
                return i + 1 + more;
            }

            break;
        }

        // One character more shows whether the last grapheme goes on, two whether that one is whole.
        if (text.Length < start + MaxLength + 2 && !isEnd)
        {
            return 0;
        }

        return text.Length <= start + MaxLength ? text.Length : LastGraphemeEnd(text, start);
    }

    private static int LastGraphemeEnd(ReadOnlySpan<char> text, int start)
    {
        var window = text[start..Math.Min(text.Length, start + MaxLength + 2)];
        var end = 0;
        while (end + StringInfo.GetNextTextElementLength(window[end..]) is var next && next <= MaxLength)
        {
            end = next;
        }

        if (end == 0)
        {
            end = char.IsHighSurrogate(window[MaxLength - 1]) ? MaxLength - 1 : MaxLength;
        }

        return start + end;
    }
}
