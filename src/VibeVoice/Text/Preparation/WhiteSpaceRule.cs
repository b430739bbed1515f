using System.Text;

namespace VibeVoice.Text.Preparation;

/// <summary>Runs of white space become one space, one newline, or one blank line; none is left at the ends.</summary>
internal sealed class WhiteSpaceRule : ITextRule
{
    private const string ClosingMarks = ".,!?;:…)";

    private int _newlines;
    private bool _hasSpace;
    private bool _hasRemoved;
    private bool _hasText;

    public int LookAhead => 1;

    public int Read(TextWindow window, StringBuilder output)
    {
        var character = window.Text[0];
        switch (character)
        {
            case '\n':
                _newlines++;
                break;
            case ' ':
                _hasSpace = true;
                break;
            case TextMark.Removed:
                _hasRemoved = true;
                break;
            case TextMark.Pause:
                Forget(hasText: false);
                output.Append(character);
                break;
            default:
                if (_hasText)
                {
                    output.Append(Gap(character));
                }

                Forget(hasText: true);
                output.Append(character);
                break;
        }

        return 1;
    }

    private string Gap(char next) =>
        _newlines >= 2 ? "\n\n"
        : _newlines == 1 ? "\n"
        : _hasRemoved && ClosingMarks.Contains(next, StringComparison.Ordinal) ? "" // "Great 🎉!"
        : _hasSpace || _hasRemoved ? " "
        : "";

    private void Forget(bool hasText)
    {
        _newlines = 0;
        _hasSpace = false;
        _hasRemoved = false;
        _hasText = hasText;
    }
}
