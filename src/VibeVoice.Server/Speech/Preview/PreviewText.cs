using System.Text;

namespace VibeVoice.Server.Speech.Preview;

/// <summary>
/// Makes text safe for espeak-ng, whose input is a small language of its own, and cuts it into the pieces that one
/// child process each speaks.
/// </summary>
internal static class PreviewText
{
    /// <summary>Below this a piece goes on past the end of its sentence: a process costs about ten milliseconds.</summary>
    private const int MinPieceLength = 200;

    /// <summary>Text without a sentence end is cut at a space, if need be anywhere, at this length.</summary>
    private const int MaxPieceLength = 1500;

    /// <summary>
    /// Cuts at sentence ends, each piece with what follows the stop (quotes, white space). Joined, the pieces are the
    /// text.
    /// </summary>
    public static IEnumerable<string> Split(string text)
    {
        for (var start = 0; start < text.Length; )
        {
            var end = EndOfPiece(text, start);
            yield return text[start..end];
            start = end;
        }
    }

    /// <summary>Where the first sentence ends, as far as the beginning of a text can tell.</summary>
    /// <returns>Its length with the white space after it; 0 when more text will tell.</returns>
    public static int EndOfSentence(string text)
    {
        for (var i = 0; i < Math.Min(text.Length, MaxPieceLength); i++)
        {
            if (IsSentenceEnd(text, i))
            {
                return i + 1;
            }
        }

        if (text.Length <= MaxPieceLength)
        {
            return 0;
        }

        var space = text.LastIndexOf(' ', MaxPieceLength - 1);
        return space > 0 ? space + 1
            : char.IsLowSurrogate(text[MaxPieceLength]) ? MaxPieceLength - 1
            : MaxPieceLength;
    }

    /// <summary>
    /// Takes away what espeak-ng would obey rather than speak: control characters (0x01 starts its commands, 0x00 ends
    /// its input) and <c>[[</c>, which starts phonemes.
    /// </summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (character == '[' && escaped is [.., '['])
            {
                escaped.Append(' ');
            }

            escaped.Append(char.IsControl(character) && character is not '\n' ? ' ' : character);
        }

        return escaped.ToString();
    }

    private static int EndOfPiece(string text, int start)
    {
        var limit = Math.Min(text.Length, start + MaxPieceLength);
        for (var i = start + MinPieceLength; i < limit; i++)
        {
            if (IsSentenceEnd(text, i))
            {
                return i + 1;
            }
        }

        if (limit == text.Length)
        {
            return limit;
        }

        var space = text.LastIndexOf(' ', limit - 1, limit - start - MinPieceLength);
        if (space > start)
        {
            return space + 1;
        }

        return char.IsLowSurrogate(text[limit]) ? limit - 1 : limit;
    }

    /// <summary>White space after a stop ("e.g. 3.14" has one after "e.g." only), a line break, or a CJK stop.</summary>
    private static bool IsSentenceEnd(string text, int index) =>
        text[index] switch
        {
            '\n' or '。' or '！' or '？' => true,
            var character when char.IsWhiteSpace(character) => IsStop(text.AsSpan(0, index)),
            _ => false,
        };

    private static bool IsStop(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd("\"'”’)]»");
        return before is [.., '.' or '!' or '?' or '…' or ';' or ':'];
    }
}
