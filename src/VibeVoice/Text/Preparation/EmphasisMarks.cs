using System.Text;

namespace VibeVoice.Text.Preparation;

/// <summary>Takes out the stars, underscores and tildes that are in pairs around something.</summary>
internal sealed class EmphasisMarks
{
    private readonly Stack<(char Mark, int Length)> _open = new();

    public void Clear() => _open.Clear();

    /// <summary>Reads a run of one mark.</summary>
    /// <param name="previous">The character before it.</param>
    public int Read(TextWindow window, char previous, StringBuilder output)
    {
        var text = window.Text;
        var mark = text[0];
        var run = MarkdownRule.RunLength(text, mark);
        if (run == text.Length && !window.IsWhole)
        {
            return MarkdownRule.NeedsMore;
        }

        var next = run < text.Length ? text[run] : ' ';
        if (mark == '~' && run != 2)
        {
            output.Append(text[..run]);
            return run;
        }

        if (CanClose(mark, previous, next) && _open.TryPeek(out var open) && open.Mark == mark)
        {
            output.Append(mark, run - Close(mark, run));
            return run;
        }

        switch (CanOpen(previous, next) ? HasPartner(window, mark, run) : false)
        {
            case true:
                _open.Push((mark, run));
                return run;
            case false:
                output.Append(text[..run]);
                return run;
            default:
                return MarkdownRule.NeedsMore;
        }
    }

    /// <returns>How many of the marks closed something.</returns>
    private int Close(char mark, int run)
    {
        var left = run;
        while (left > 0 && _open.TryPeek(out var open) && open.Mark == mark)
        {
            _open.Pop();
            if (open.Length > left)
            {
                _open.Push((mark, open.Length - left)); // "***bold** and italic*"
            }

            left -= Math.Min(open.Length, left);
        }

        return run - left;
    }

    // Within a word no mark opens anything: 2*3*4, snake_case.
    private static bool CanOpen(char previous, char next) =>
        !IsSpace(next)
        && !(char.IsLetterOrDigit(previous) && char.IsLetterOrDigit(next))
        && (!MarkdownRule.IsPunctuation(next) || !char.IsLetterOrDigit(previous));

    private static bool CanClose(char mark, char previous, char next) =>
        !IsSpace(previous) && (mark != '_' || !char.IsLetterOrDigit(next));

    /// <summary>Whether what closes the run is in sight; null when more text will tell.</summary>
    private static bool? HasPartner(TextWindow window, char mark, int run)
    {
        var text = window.Text;
        for (var i = run; i < text.Length; i++)
        {
            if (MarkdownRule.IsBlockEnd(text[i..]))
            {
                return false;
            }

            if (text[i] != mark)
            {
                continue;
            }

            var length = MarkdownRule.RunLength(text[i..], mark);
            if (i + length == text.Length && !window.IsWhole)
            {
                return null;
            }

            var next = i + length < text.Length ? text[i + length] : ' ';
            if (length >= Math.Min(run, 2) && CanClose(mark, text[i - 1], next))
            {
                return true;
            }

            i += length - 1;
        }

        // Doubled marks hardly mean anything else: what they stand around may be longer than can be seen.
        return window.IsWhole ? !window.IsEnd && run > 1 : null;
    }

    private static bool IsSpace(char character) => character is ' ' or '\n' or TextMark.Pause;
}
