namespace VibeVoice.Text.Preparation;

/// <summary>Finds where the text of <c>[text](address)</c> ends.</summary>
internal static class MarkdownLink
{
    /// <summary>It is no link.</summary>
    public const int None = -1;

    /// <summary>More text will tell.</summary>
    public const int Unknown = -2;

    /// <param name="start">Just after the first bracket.</param>
    /// <returns>The place of the closing bracket, or one of the two constants.</returns>
    public static int FindEnd(TextWindow window, int start)
    {
        var text = window.Text;
        var depth = 1;
        for (var i = start; i < text.Length; i++)
        {
            if (MarkdownRule.IsBlockEnd(text[i..]))
            {
                return None;
            }

            if (text[i] == '\\')
            {
                i++;
                continue;
            }

            depth += text[i] switch
            {
                '[' => 1,
                ']' => -1,
                _ => 0,
            };
            if (depth == 0)
            {
                return HasAddress(text[(i + 1)..], window.IsWhole, window.IsEnd) switch
                {
                    true => i,
                    false => None,
                    null => Unknown,
                };
            }
        }

        return window.IsWhole ? None : Unknown;
    }

    /// <summary>An address in parentheses on one line; one that is longer than can be seen must have no space.</summary>
    private static bool? HasAddress(ReadOnlySpan<char> text, bool isWhole, bool isEnd)
    {
        if (text.IsEmpty)
        {
            return isWhole ? false : null;
        }

        if (text[0] != '(')
        {
            return false;
        }

        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '\n' or TextMark.Pause)
            {
                return false;
            }

            depth += text[i] switch
            {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if (depth == 0)
            {
                return true;
            }
        }

        return isWhole ? !isEnd && text.Length > 1 && !text.Contains(' ') : null;
    }
}
