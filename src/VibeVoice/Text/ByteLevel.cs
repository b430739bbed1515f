namespace VibeVoice.Text;

/// <summary>The alphabet of byte-level vocabularies: each byte is written as one printable character, as GPT-2 did.</summary>
/// <remarks>https://github.com/openai/gpt-2/blob/master/src/encoder.py, <c>bytes_to_unicode</c>.</remarks>
internal static class ByteLevel
{
    /// <summary>The character of each byte.</summary>
    public static IReadOnlyList<char> Characters { get; } = MakeCharacters();

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        var unprintable = 0;
        for (var value = 0; value < characters.Length; value++)
        {
            characters[value] = value is (>= '!' and <= '~') or (>= 0xa1 and <= 0xac) or (>= 0xae and <= 0xff)
                ? (char)value
                : (char)(256 + unprintable++);
        }

        return characters;
    }
}
