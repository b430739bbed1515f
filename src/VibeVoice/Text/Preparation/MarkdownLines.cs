using System.Text;

namespace VibeVoice.Text.Preparation;

/// <summary>What stands at the beginning of a line: headings, bullets, quotes, rules, fences, tables.</summary>
internal sealed class MarkdownLines
{
    private const int MaxHeadingLevel = 6;
    private const int MinRuleLength = 3;

    private char _fence;
    private int _fenceLength;
    private bool _isInHeading;
    private bool _isAfterBullet;

    public bool IsAtStart { get; private set; } = true;

    public bool IsInFence => _fenceLength > 0;

    public bool IsInTable { get; private set; }

    /// <summary>A line has ended.</summary>
    public void End()
    {
        IsAtStart = true;
        IsInTable = false;
        _isInHeading = false;
        _isAfterBullet = false;
    }

    /// <summary>Reads what is a mark, or leaves the start to the reader of the line.</summary>
    public int ReadStart(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        if (text[0] is ' ' or '\n' or TextMark.Pause)
        {
            if (text[0] == '\n')
            {
                End();
            }

            return MarkdownRule.Keep(text[0], output);
        }

        if (IsInFence)
        {
            return ReadFenceEnd(window, output);
        }

        return text[0] switch
        {
            '>' => ReadQuote(window),
            '#' => ReadHeading(window, output),
            '`' or '~' => ReadFence(window),
            '-' or '*' or '+' or '_' or '=' => ReadRuleOrBullet(window),
            '|' => ReadTableRow(window),
            '[' when _isAfterBullet => ReadTask(window),
            _ => Leave(),
        };
    }

    /// <summary>Text between fences, to the end of its line.</summary>
    public int ReadVerbatim(ReadOnlySpan<char> text, StringBuilder output)
    {
        var end = text.IndexOf('\n') + 1;
        var length = end == 0 ? text.Length : end;
        output.Append(text[..length]);
        IsAtStart = end > 0;
        return length;
    }

    /// <summary>The number signs that may stand at the end of a heading too.</summary>
    public int ReadClosingHashes(TextWindow window, char previous, StringBuilder output)
    {
        var text = window.Text;
        var run = MarkdownRule.RunLength(text, '#');
        if (_isInHeading && previous == ' ')
        {
            var after = text[run..].IndexOfAnyExcept(' ');
            if (after < 0 && !window.IsWhole)
            {
                return MarkdownRule.NeedsMore;
            }

            if (after < 0 || text[run + after] is '\n' or TextMark.Pause)
            {
                return run;
            }
        }

        output.Append(text[..run]);
        return run;
    }

    private int ReadQuote(TextWindow window)
    {
        if (window.Text.Length == 1 && !window.IsWhole)
        {
            return MarkdownRule.NeedsMore;
        }

        return window.Text.Length == 1 || window.Text[1] is ' ' or '>' or '\n' ? 1 : Leave();
    }

    private int ReadHeading(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        var run = MarkdownRule.RunLength(text, '#');
        if (run == text.Length && !window.IsWhole)
        {
            return MarkdownRule.NeedsMore;
        }

        IsAtStart = false;
        if (run <= MaxHeadingLevel && (run == text.Length || text[run] is ' ' or '\n'))
        {
            _isInHeading = true;
            return run;
        }

        output.Append(text[..run]);
        return run;
    }

    private int ReadFence(TextWindow window)
    {
        var text = window.Text;
        var mark = text[0];
        var run = MarkdownRule.RunLength(text, mark);
        var end = text.IndexOfAny("\n\uFDD0");
        var isKnown = end >= 0 || window.IsWhole;
        if (!isKnown && (run == text.Length || run >= MinRuleLength))
        {
            return MarkdownRule.NeedsMore;
        }

        var line = end < 0 ? text : text[..end];
        if (run >= MinRuleLength && (end >= 0 || window.IsEnd) && !(mark == '`' && line[run..].Contains('`')))
        {
            (_fence, _fenceLength) = (mark, run);
            IsAtStart = false;
            return line.Length;
        }

        return Leave();
    }

    private int ReadFenceEnd(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        var run = MarkdownRule.RunLength(text, _fence);
        var after = text[run..].IndexOfAnyExcept(' ');
        if (run == text.Length || (run >= _fenceLength && after < 0))
        {
            if (!window.IsWhole)
            {
                return MarkdownRule.NeedsMore;
            }
        }

        IsAtStart = false;
        if (run >= _fenceLength && (after < 0 || text[run + after] is '\n' or TextMark.Pause))
        {
            _fenceLength = 0;
            return run;
        }

        return ReadVerbatim(text, output);
    }

    private int ReadRuleOrBullet(TextWindow window)
    {
        var text = window.Text;
        var mark = text[0];
        var other = text.IndexOfAnyExcept(mark, ' ');
        if (other < 0 && !window.IsWhole)
        {
            return MarkdownRule.NeedsMore;
        }

        var line = other < 0 ? text : text[..other];
        var isLine = other < 0 || text[other] is '\n' or TextMark.Pause;
        if (isLine && mark != '+' && line.Count(mark) >= MinRuleLength)
        {
            IsAtStart = false;
            return line.Length;
        }

        if (mark is ('-' or '*' or '+') && text.Length > 1 && text[1] == ' ')
        {
            _isAfterBullet = true;
            return 2;
        }

        return Leave();
    }

    private int ReadTableRow(TextWindow window)
    {
        var text = window.Text;
        var other = text.IndexOfAnyExcept("|:- ");
        if (other < 0 && !window.IsWhole)
        {
            return MarkdownRule.NeedsMore;
        }

        IsAtStart = false;
        IsInTable = true;
        var line = other < 0 ? text : text[..other];
        var isLine = other < 0 || text[other] is '\n' or TextMark.Pause;
        return isLine && line.Contains('-') ? line.Length : 1;
    }

    private int ReadTask(TextWindow window)
    {
        if (window.Text.Length < "[x] ".Length && !window.IsWhole)
        {
            return MarkdownRule.NeedsMore;
        }

        return window.Text is [_, ' ' or 'x' or 'X', ']', ' ', ..] ? "[x]".Length : Leave();
    }

    private int Leave()
    {
        IsAtStart = false;
        return MarkdownRule.NotAMark;
    }
}
