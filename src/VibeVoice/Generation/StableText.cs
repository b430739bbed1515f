namespace VibeVoice.Generation;

/// <summary>Text that grows, cut where no later text can change the tokens before the cut.</summary>
/// <remarks>
/// The tokenizer's words never reach over two places: before a space that follows a visible character, and between a
/// letter or digit and the punctuation after it; nor does normalisation. So the pieces, tokenised one by one, give
/// the tokens of the whole. A piece is prepared as the whole would be: straight quotes, trimmed, one newline at the end.
/// </remarks>
internal sealed class StableText
{
    private const string Punctuation = ".,!?;:。，！？、；：";
    private string _pending = "";
    private bool _hasBegun;

    /// <summary>Adds text.</summary>
    /// <returns>What is certain now and was not before; may be empty.</returns>
    public string Append(string text)
    {
        _pending += Straighten(text);
        if (!_hasBegun)
        {
            _pending = Trim(_pending, atStart: true);
            _hasBegun = _pending.Length > 0;
        }

        // White space at the end may yet be trimmed, which would bring the last newline to the word before it.
        var lastVisible = Trim(_pending, atStart: false).Length - 1;
        for (var cut = lastVisible; cut > 0; cut--)
        {
            if (IsCertain(_pending[cut - 1], _pending[cut]))
            {
                var certain = _pending[..cut];
                _pending = _pending[cut..];
                return certain;
            }
        }

        return "";
    }

    /// <summary>No more text will come.</summary>
    /// <returns>The rest; empty when there was nothing but white space in all.</returns>
    public string Finish() => _hasBegun ? Trim(_pending, atStart: false) + "\n" : "";

    private static bool IsCertain(char before, char after) =>
        after == ' '
            ? !IsWhiteSpace(before)
            : Punctuation.Contains(after, StringComparison.Ordinal) && char.IsLetterOrDigit(before);

    private static string Straighten(string text) => text.Replace('’', '\'').Replace('“', '"').Replace('”', '"');

    private static string Trim(string text, bool atStart)
    {
        var (start, end) = (0, text.Length);
        while (atStart && start < end && IsWhiteSpace(text[start]))
        {
            start++;
        }

        while (!atStart && end > start && IsWhiteSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    // Python trims the four separators of ASCII too; .NET does not count them as white space.
    private static bool IsWhiteSpace(char character) =>
        char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';
}
