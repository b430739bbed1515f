using System.Globalization;
using System.Text;

namespace VibeVoice.Text.Preparation;

/// <summary>Character by character: straight quotes, one kind of space and of newline, nothing that nobody can hear.</summary>
internal sealed class CharacterRule : ITextRule
{
    private Rune _previous;
    private bool _isAfterReturn;

    public int LookAhead => 2;

    public int Read(TextWindow window, StringBuilder output)
    {
        // Half a surrogate pair, which is no text, becomes U+FFFD.
        if (Rune.DecodeFromUtf16(window.Text, out var rune, out var length) != System.Buffers.OperationStatus.Done)
        {
            if (!window.IsWhole && char.IsHighSurrogate(window.Text[0]))
            {
                return 0;
            }
        }

        var isAfterReturn = _isAfterReturn;
        _isAfterReturn = rune.Value == '\r';
        switch (rune.Value)
        {
            case '\n' when isAfterReturn:
                break;
            case '\n' or '\r' or '\v' or '\f' or 0x85 or 0x2028:
                output.Append('\n');
                break;
            case 0x2029: // paragraph separator
                output.Append("\n\n");
                break;
            case '\t' or (>= 0x1c and <= 0x1f):
                output.Append(' ');
                break;
            case >= 0x2018 and <= 0x201b:
                output.Append('\'');
                break;
            case >= 0x201c and <= 0x201f:
                output.Append('"');
                break;
            default:
                if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator)
                {
                    output.Append(' ');
                }
                else if (IsHeard(rune))
                {
                    output.Append(rune);
                    _previous = rune;
                    return length;
                }
                else
                {
                    return length; // as if it were not there
                }

                break;
        }

        _previous = default;
        return length;
    }

    private bool IsHeard(Rune rune) =>
        rune.Value switch
        {
            0x200c => IsLetterThatJoins(_previous),
            0x200d => IsLetterThatJoins(_previous) || IsSymbol(_previous),
            // Flags of regions: a black flag, then tags.
            >= 0xe0020 and <= 0xe007f => _previous.Value is 0x1f3f4 or (>= 0xe0020 and <= 0xe007f),
            0xad or 0x61c or 0x180e or 0x200b or 0x200e or 0x200f => false,
            (>= 0x202a and <= 0x202e) or (>= 0x2060 and <= 0x206f) => false,
            0xfeff or (>= 0xfff9 and <= 0xfffb) or 0xe0001 => false,
            (>= 0xfdd0 and <= 0xfdef) => false,
            var value when (value & 0xfffe) == 0xfffe => false,
            _ => !Rune.IsControl(rune),
        };

    // Arabic, the Indic scripts, Mongolian and their kin spell with joiners; Latin, Cyrillic, Hebrew and Chinese do not.
    private static bool IsLetterThatJoins(Rune rune) =>
        (Rune.IsLetter(rune) || IsMark(rune))
        && rune.Value is (>= 0x600 and < 0x1d00) or (>= 0xa800 and < 0xac00) or (>= 0x10a00 and < 0x12000);

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark;

    private static bool IsSymbol(Rune rune) =>
        rune.Value == EmojiTable.EmojiSelector
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherSymbol or UnicodeCategory.ModifierSymbol;
}
