using System.Buffers;
using System.Text;

namespace VibeVoice.Text.Preparation;

/// <summary>Takes out the marks of Markdown and keeps its words. What only looks like a mark stays: <c>5 * 3</c>, <c>#1</c>.</summary>
/// <remarks>
/// CommonMark with the tables of GitHub, as far as it can be heard. A mark that must be paired is taken out only where
/// its partner is in sight. Lines are the business of <see cref="MarkdownLines"/>.
/// </remarks>
internal sealed class MarkdownRule : ITextRule
{
    /// <summary>Where a rule of this file has to wait for more text.</summary>
    public const int NeedsMore = 0;

    /// <summary>What begins here is left to the reader of the line.</summary>
    public const int NotAMark = -1;

    private static readonly SearchValues<char> Special = SearchValues.Create("\n\\`*_~![]<|#\uFDD0");

    private readonly MarkdownLines _lines = new();
    private readonly EmphasisMarks _emphasis = new();
    private readonly Stack<long> _linkEnds = new();
    private long _position;
    private char _previous = '\n';
    private int _parentheses; // open ones of an address that is being passed over

    public int LookAhead => 256;

    public int Read(TextWindow window, StringBuilder output)
    {
        var first = window.Text[0];
        if (first == TextMark.Pause || (first == '\n' && _previous == '\n'))
        {
            _emphasis.Clear(); // no mark reaches over a blank line or a pause
        }

        var taken = _parentheses > 0 ? PassAddress(window.Text) : NotAMark;
        taken = taken == NotAMark && _lines.IsAtStart ? _lines.ReadStart(window, output) : taken;
        taken = taken == NotAMark ? ReadInLine(window, output) : taken;
        if (taken > 0)
        {
            _position += taken;
            _previous = window.Text[taken - 1];
        }

        return taken;
    }

    private int ReadInLine(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        if (_lines.IsInFence)
        {
            return _lines.ReadVerbatim(text, output);
        }

        var plain = text.IndexOfAny(Special);
        if (plain != 0)
        {
            var length = plain < 0 ? text.Length : plain;
            output.Append(text[..length]);
            return length;
        }

        return text[0] switch
        {
            '\n' => EndLine(output),
            TextMark.Pause => Keep(TextMark.Pause, output),
            '\\' => ReadEscape(window, output),
            '`' => ReadCode(window, output),
            '*' or '_' or '~' => _emphasis.Read(window, _previous, output),
            '!' or '[' => ReadLinkStart(window, output),
            ']' => ReadLinkEnd(output),
            '<' => ReadAddress(window, output),
            '|' => Keep(_lines.IsInTable ? ' ' : '|', output),
            _ => _lines.ReadClosingHashes(window, _previous, output),
        };
    }

    private int EndLine(StringBuilder output)
    {
        _lines.End();
        return Keep('\n', output);
    }

    private static int ReadEscape(TextWindow window, StringBuilder output)
    {
        if (window.Text.Length == 1 && !window.IsWhole)
        {
            return NeedsMore;
        }

        if (window.Text.Length > 1 && char.IsAscii(window.Text[1]) && IsPunctuation(window.Text[1]))
        {
            output.Append(window.Text[1]);
            return 2;
        }

        return Keep('\\', output);
    }

    private static int ReadCode(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        var run = RunLength(text, '`');
        for (var i = run; i < text.Length; )
        {
            if (IsBlockEnd(text[i..]))
            {
                output.Append(text[..run]);
                return run;
            }

            if (text[i] != '`')
            {
                i++;
                continue;
            }

            var closing = RunLength(text[i..], '`');
            if (i + closing == text.Length && !window.IsWhole)
            {
                return NeedsMore;
            }

            if (closing == run)
            {
                output.Append(text[run..i]);
                return i + closing;
            }

            i += closing;
        }

        if (!window.IsWhole)
        {
            return NeedsMore;
        }

        output.Append(text[..run]);
        return run;
    }

    private int ReadLinkStart(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        var marks = text[0] == '!' ? 2 : 1;
        if (text.Length < marks)
        {
            return window.IsWhole ? Keep(text[0], output) : NeedsMore;
        }

        if (text[marks - 1] != '[')
        {
            return Keep(text[0], output);
        }

        var end = MarkdownLink.FindEnd(window, marks);
        if (end == MarkdownLink.Unknown)
        {
            return NeedsMore;
        }

        if (end == MarkdownLink.None)
        {
            return Keep(text[0], output);
        }

        _linkEnds.Push(_position + end);
        return marks;
    }

    private int ReadLinkEnd(StringBuilder output)
    {
        while (_linkEnds.TryPeek(out var end) && end <= _position)
        {
            _linkEnds.Pop();
            if (end == _position)
            {
                _parentheses = 1; // what follows was seen to be an address
                return 2;
            }
        }

        return Keep(']', output);
    }

    /// <summary>The address of a link, and its title; a line's end closes it in any case.</summary>
    private int PassAddress(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            _parentheses += text[i] switch
            {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if (text[i] is '\n' or TextMark.Pause)
            {
                _parentheses = 0;
                return i == 0 ? NotAMark : i;
            }

            if (_parentheses == 0)
            {
                return i + 1;
            }
        }

        return text.Length;
    }

    private static int ReadAddress(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        var end = text.IndexOfAny("> \n\uFDD0");
        if (end < 0 && !window.IsWhole)
        {
            return NeedsMore;
        }

        var isAddress = end > 0 && text[end] == '>' && text[..end].IndexOfAny(":@") > 0;
        if (!isAddress)
        {
            return Keep('<', output);
        }

        output.Append(text[1..end]);
        return end + 1;
    }

    public static int Keep(char character, StringBuilder output)
    {
        output.Append(character);
        return 1;
    }

    public static int RunLength(ReadOnlySpan<char> text, char character)
    {
        var end = text.IndexOfAnyExcept(character);
        return end < 0 ? text.Length : end;
    }

    /// <summary>Whether a paragraph ends here: at a blank line or a pause.</summary>
    public static bool IsBlockEnd(ReadOnlySpan<char> text) => text is ['\n', '\n', ..] or [TextMark.Pause, ..];

    public static bool IsPunctuation(char character) => char.IsPunctuation(character) || char.IsSymbol(character);
}
