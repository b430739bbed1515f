using System.Text;

namespace VibeVoice.Text.Preparation;

/// <summary>Which characters are pictures: the emoji of Unicode, and its pictographs that are no letter, digit or sign.</summary>
internal static class EmojiTable
{
    /// <summary>Asks for the picture rather than the character.</summary>
    public const char EmojiSelector = '\uFE0F';

    /// <summary>Asks for the character rather than the picture.</summary>
    public const char TextSelector = '\uFE0E';

    private const char Keycap = '\u20E3';

    /// <summary>Whether one grapheme is an emoji.</summary>
    public static bool IsEmoji(ReadOnlySpan<char> grapheme)
    {
        if (Rune.DecodeFromUtf16(grapheme, out var first, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        return grapheme.Contains(Keycap)
            || grapheme[0] is EmojiSelector or TextSelector
            || IsPicture(first.Value)
            || (IsPictureOnDemand(first.Value) && grapheme.Contains(EmojiSelector));
    }

    // Flags' letters and skin tones lie within the second range. Left out: the circled and boxed letters and digits of
    // both blocks, and the musical signs of U+266D to U+266F, which are read.
    private static bool IsPicture(int value) =>
        value switch
        {
            >= 0x266d and <= 0x266f => false,
            >= 0x2768 and <= 0x2793 => false,
            >= 0x2600 and <= 0x27bf => true,
            >= 0x1f100 and <= 0x1f16f => value is 0x1f12f or (>= 0x1f10d and <= 0x1f10f) or >= 0x1f16c,
            >= 0x1f000 and <= 0x1faff => value is not ((>= 0x1f700 and <= 0x1f773) or (>= 0x1f800 and <= 0x1f8ff)),
            0x231a or 0x231b or 0x2328 or 0x23cf or (>= 0x23e9 and <= 0x23fa) => true,
            0x25fd or 0x25fe or 0x2b1b or 0x2b1c or 0x2b50 or 0x2b55 => true,
            _ => false,
        };

    // Arrows, geometric shapes and marks are text unless a selector says otherwise. '©', '®', '™' and 'ℹ' stay: they
    // are said.
    private static bool IsPictureOnDemand(int value) =>
        value
            is 0x203c
                or 0x2049
                or (>= 0x2190 and <= 0x21ff)
                or 0x24c2
                or (>= 0x25a0 and <= 0x25ff)
                or 0x2934
                or 0x2935
                or (>= 0x2b05 and <= 0x2b07)
                or 0x3030
                or 0x303d
                or 0x3297
                or 0x3299;
}
