namespace VibeVoice.Server.Speech.Preview;

/// <summary>Cuts prepared text that may still be growing into sentences; any cutting of the text gives the same ones.</summary>
internal sealed class SentenceCutter
{
    private string _pending = "";

    /// <returns>The sentences that have come to their end.</returns>
    public IEnumerable<string> Append(string text)
    {
        _pending += text;
        var sentences = new List<string>();
        while (PreviewText.EndOfSentence(_pending) is > 0 and var end)
        {
            sentences.Add(_pending[..end]);
            _pending = _pending[end..];
        }

        return sentences.Where(HasWords);
    }

    /// <summary>No more text will come, or a pause comes.</summary>
    /// <returns>What is left, which may be nothing.</returns>
    public IEnumerable<string> Finish()
    {
        string[] rest = [_pending];
        _pending = "";
        return rest.Where(HasWords);
    }

    private static bool HasWords(string sentence) => !string.IsNullOrWhiteSpace(sentence);
}
