using System.Globalization;
using System.Text;

namespace VibeVoice.Text.Preparation;

/// <summary>Takes out emoji, each with all that belongs to it: selectors, skin tones, joined figures, flags, keycaps.</summary>
internal sealed class EmojiRule : ITextRule
{
    /// <summary>Families and flags of regions have some fifteen UTF-16 units.</summary>
    public int LookAhead => 64;

    public int Read(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        var length = StringInfo.GetNextTextElementLength(text);
        var rest = text[length..];
        if (!window.IsWhole && (rest.IsEmpty || (rest.Length == 1 && char.IsHighSurrogate(rest[0]))))
        {
            return 0; // what comes may belong to it
        }

        var element = text[..length];
        if (EmojiTable.IsEmoji(element))
        {
            output.Append(TextMark.Removed);
        }
        else if (element.IndexOfAny(EmojiTable.EmojiSelector, EmojiTable.TextSelector) is var selector and > 0)
        {
            output.Append(element[..selector]); // "©" asked for in colours is a letter all the same
        }
        else
        {
            output.Append(element);
        }

        return length;
    }
}
