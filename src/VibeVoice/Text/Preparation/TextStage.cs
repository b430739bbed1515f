using System.Text;

namespace VibeVoice.Text.Preparation;

/// <summary>Runs one rule over a text that may still be growing; any cutting of the text gives the same result.</summary>
/// <remarks>
/// A rule sees at most its look-ahead, and decides nothing before it has seen that much or enough to be sure. Not
/// thread-safe.
/// </remarks>
internal sealed class TextStage(ITextRule rule)
{
    private string _pending = "";

    /// <returns>What the rule is certain of now.</returns>
    public string Append(string text) => Run(_pending + text, isEnd: false);

    /// <summary>No more text will come.</summary>
    public string Finish() => Run(_pending, isEnd: true);

    private string Run(string text, bool isEnd)
    {
        var output = new StringBuilder(text.Length);
        var position = 0;
        while (position < text.Length)
        {
            var length = Math.Min(rule.LookAhead, text.Length - position);
            var isLast = isEnd && position + length == text.Length;
            var isWhole = isLast || length == rule.LookAhead;
            var taken = rule.Read(new TextWindow(text.AsSpan(position, length), isWhole, isLast), output);
            if (taken == 0)
            {
                break;
            }

            position += taken;
        }

        _pending = text[position..];
        return output.ToString();
    }
}

/// <summary>One step of text preparation.</summary>
internal interface ITextRule
{
    /// <summary>The most characters it is ever shown.</summary>
    int LookAhead { get; }

    /// <summary>Reads from the start of the window and writes what becomes of it.</summary>
    /// <returns>Characters read; 0 to wait for more, which a window that is whole does not allow.</returns>
    int Read(TextWindow window, StringBuilder output);
}

/// <summary>What a rule may look at.</summary>
/// <param name="text">From the rule's position on; never empty.</param>
/// <param name="isWhole">No more will be shown: decide.</param>
/// <param name="isEnd">The text ends where the window does.</param>
internal readonly ref struct TextWindow(ReadOnlySpan<char> text, bool isWhole, bool isEnd)
{
    public ReadOnlySpan<char> Text { get; } = text;

    public bool IsWhole { get; } = isWhole;

    public bool IsEnd { get; } = isEnd;
}
