using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace VibeVoice.Text;

/// <summary>Splits text into the words that are encoded one by one, by the expression that the tokenizer was trained with.</summary>
/// <remarks>
/// .NET's expressions see UTF-16 halves, which are no letters: '𝐀' would not be <c>\p{L}</c>. So the expression runs
/// on a stand-in text with one unit per character, where a character outside the basic plane is replaced by a rare
/// one of the same kind inside it. Thread-safe.
/// </remarks>
internal sealed class WordSplitter
{
    /// <summary>The expression of Qwen2, for vocabularies that come without one.</summary>
    public const string QwenPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>An expression that needs longer on a text is not one of a tokenizer.</summary>
    public static TimeSpan MatchTimeout { get; } = TimeSpan.FromSeconds(10);

    private readonly Regex _regex;

    /// <exception cref="ModelFormatException">The expression is none, or none that .NET knows.</exception>
    public WordSplitter(string pattern)
    {
        try
        {
            _regex = new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException exception)
        {
            throw new ModelFormatException(
                $"The tokenizer splits text by an expression that cannot be used: {exception.Message} "
                    + "Take tokenizer.json from the repository that preprocessor_config.json names.",
                exception
            );
        }
    }

    /// <summary>The words, which together are the whole text.</summary>
    public List<Range> Split(string text)
    {
        try
        {
            return FindWords(text);
        }
        catch (RegexMatchTimeoutException exception)
        {
            throw new ModelFormatException(
                $"The tokenizer's expression needed more than {MatchTimeout.TotalSeconds} s on {text.Length:N0} characters. "
                    + "Take tokenizer.json from the repository that preprocessor_config.json names.",
                exception
            );
        }
    }

    private List<Range> FindWords(string text)
    {
        var (standIn, starts) = MakeStandIn(text);
        var words = new List<Range>();
        var end = 0;
        foreach (var match in _regex.EnumerateMatches(standIn))
        {
            if (match.Length == 0)
            {
                continue;
            }

            if (match.Index > end)
            {
                words.Add(starts[end]..starts[match.Index]); // what no branch matches stands alone
            }

            end = match.Index + match.Length;
            words.Add(starts[match.Index]..starts[end]);
        }

        if (end < standIn.Length)
        {
            words.Add(starts[end]..text.Length);
        }

        return words;
    }

    private static (string StandIn, int[] Starts) MakeStandIn(string text)
    {
        var standIn = new StringBuilder(text.Length);
        var starts = new List<int>(text.Length + 1);
        var position = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            standIn.Append(rune.IsBmp ? StandInFor((char)rune.Value) : StandInFor(rune));
            starts.Add(position);
            position += rune.Utf16SequenceLength;
        }

        starts.Add(position);
        return (standIn.ToString(), [.. starts]);
    }

    // The reference's expressions fold the long s with s, in "'s"; .NET's do not.
    private static char StandInFor(char character) => character == 'ſ' ? 's' : character;

    // No character outside the basic plane is white space, or part of "'s" and its like.
    private static char StandInFor(Rune rune) =>
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter => 'Ħ',
            UnicodeCategory.LowercaseLetter => 'ħ',
            UnicodeCategory.TitlecaseLetter => 'ǅ',
            UnicodeCategory.ModifierLetter => 'ʰ',
            UnicodeCategory.OtherLetter => 'ƻ',
            UnicodeCategory.NonSpacingMark => '\u0300',
            UnicodeCategory.SpacingCombiningMark => '\u0903',
            UnicodeCategory.EnclosingMark => '\u0488',
            UnicodeCategory.DecimalDigitNumber => '٣',
            UnicodeCategory.LetterNumber => 'Ⅷ',
            UnicodeCategory.OtherNumber => '⅛',
            _ => '§',
        };
}
