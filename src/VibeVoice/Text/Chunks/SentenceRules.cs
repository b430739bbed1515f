using System.Buffers;

namespace VibeVoice.Text.Chunks;

/// <summary>What kind of place lies between two atoms: the end of a sentence, a clause, or only a word.</summary>
/// <remarks>Errs on the side of no sentence: a missed end costs a later cut, a false one a wrong pause.</remarks>
internal static class SentenceRules
{
    private const string Stops = ".!?…";
    private const string StopsOfOtherScripts = "؟۔।॥።။။։";
    private const string ClauseMarks = ",;:–—،؛-";
    private const string WideStops = "。！？｡";
    private const string WideClauseMarks = "、，；：—…";
    private const string Closings = "\"')]}»›」』）】》〉〕";
    private const string Openings = "\"'([{«‹“‘¿¡-–—*_";

    private static readonly HashSet<string> Abbreviations = Words(
        "Mr Mrs Ms Mx Dr Prof St Sr Jr Rev Hon Gen Col Maj Capt Cmdr Lt Sgt Gov Sen Rep Pres Fr Mt Ft vs cf viz approx ca bzw Hr Nr Str Mme Mlle Sra Dra"
    );

    /// <summary>Those that stand before a number, and are words elsewhere.</summary>
    private static readonly HashSet<string> BeforeNumbers = Words(
        "No Nos Vol Vols Fig Figs Ch Sec Art Para Op p pp Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec"
    );

    /// <summary>Marks after which a chunk may end without a space, and what may still belong to them.</summary>
    public static SearchValues<char> MarksAndClosings { get; } =
        SearchValues.Create(WideStops + WideClauseMarks + "」』）】》〉〕)");

    public static bool NeedsNoSpaceAfter(char character) =>
        WideStops.Contains(character, StringComparison.Ordinal)
        || WideClauseMarks.Contains(character, StringComparison.Ordinal);

    /// <param name="last">The atom before.</param>
    /// <param name="next">The text of the one after.</param>
    public static ChunkBoundary Between(Atom last, string next)
    {
        var visible = next.AsSpan().TrimStart(" \n");
        var space = next.AsSpan(0, next.Length - visible.Length);
        if (space.Length > 1)
        {
            return ChunkBoundary.Paragraph; // white space is normalised: only a blank line has two characters
        }

        var boundary = After(last, visible, hasSpace: !space.IsEmpty);
        return space is "\n" && boundary < ChunkBoundary.Clause ? ChunkBoundary.Clause : boundary;
    }

    private static ChunkBoundary After(Atom last, ReadOnlySpan<char> next, bool hasSpace)
    {
        var plain = hasSpace ? ChunkBoundary.Word : ChunkBoundary.Anywhere;
        var text = last.Text.AsSpan().TrimStart(" \n");
        var word = text.TrimEnd(Closings);
        if (word.IsEmpty)
        {
            return plain;
        }

        var isQuoted = word.Length < text.Length;
        var mark = word[^1];
        if (WideStops.Contains(mark, StringComparison.Ordinal))
        {
            return isQuoted && !hasSpace ? ChunkBoundary.Clause : ChunkBoundary.Sentence; // 「はい。」と言った
        }

        if (hasSpace && StopsOfOtherScripts.Contains(mark, StringComparison.Ordinal))
        {
            return ChunkBoundary.Sentence;
        }

        if (hasSpace && Stops.Contains(mark, StringComparison.Ordinal))
        {
            return mark == '.' && IsAbbreviation(last, word[..^1], next) ? plain
                : BeginsSmall(next) ? ChunkBoundary.Clause // "Really?" he said
                : ChunkBoundary.Sentence;
        }

        return
            WideClauseMarks.Contains(mark, StringComparison.Ordinal)
            || (hasSpace && (ClauseMarks.Contains(mark, StringComparison.Ordinal) || text[^1] is ')' or ']'))
            ? ChunkBoundary.Clause
            : plain;
    }

    /// <param name="word">What stands before the full stop.</param>
    private static bool IsAbbreviation(Atom last, ReadOnlySpan<char> word, ReadOnlySpan<char> next)
    {
        word = word.TrimStart(Openings);
        if (word.IsEmpty || word[^1] == '.')
        {
            return false; // an ellipsis
        }

        // Initials, and "e.g." and "U.S."
        if (char.IsLetter(word[0]) && (word.Length == 1 || (word.Contains('.') && IsLettersAndStops(word))))
        {
            return true;
        }

        if (char.IsAsciiDigit(word[0]))
        {
            // "1. First, …" at the beginning of a line
            var isFirst = last.Before == ChunkBoundary.Paragraph || last.Text[0] == '\n';
            return isFirst && word.Length <= 3 && word.IndexOfAnyExceptInRange('0', '9') < 0;
        }

        var name = word.ToString();
        return Abbreviations.Contains(name)
            || (BeforeNumbers.Contains(name) && !next.IsEmpty && char.IsAsciiDigit(next[0]));
    }

    private static bool IsLettersAndStops(ReadOnlySpan<char> word)
    {
        foreach (var character in word)
        {
            if (character != '.' && !char.IsLetter(character))
            {
                return false;
            }
        }

        return true;
    }

    private static HashSet<string> Words(string words) => new(words.Split(' '), StringComparer.OrdinalIgnoreCase);

    private static bool BeginsSmall(ReadOnlySpan<char> text)
    {
        text = text.TrimStart(Openings);
        return !text.IsEmpty && char.IsLower(text[0]);
    }
}
