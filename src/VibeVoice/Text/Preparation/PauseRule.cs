using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace VibeVoice.Text.Preparation;

/// <summary>Puts a mark where <c>[pause:…]</c> stands, and its length into a queue.</summary>
internal sealed partial class PauseRule(TimeSpan longest, Queue<TimeSpan> pauses) : ITextRule
{
    /// <summary>Longer than any that makes sense, spaces and all.</summary>
    public int LookAhead => 48;

    public int Read(TextWindow window, StringBuilder output)
    {
        var text = window.Text;
        var bracket = text.IndexOf('[');
        if (bracket != 0)
        {
            var plain = bracket < 0 ? text.Length : bracket;
            output.Append(text[..plain]);
            return plain;
        }

        var end = text.IndexOf(']') + 1;
        if (end == 0 && !window.IsWhole && MayBecomePause(text[1..]))
        {
            return 0;
        }

        if (Pattern().Match(text[..end].ToString()) is not { Success: true } match)
        {
            output.Append('[');
            return 1;
        }

        pauses.Enqueue(Read(match));
        output.Append(TextMark.Pause);
        return end;
    }

    private TimeSpan Read(Match match)
    {
        var (number, unit) = (match.Groups["number"].Value, match.Groups["unit"].Value);
        var ticksPerUnit = unit is ['m' or 'M', ..] ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerSecond;
        if (
            decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var length)
            && length <= (decimal)longest.Ticks / ticksPerUnit
        )
        {
            return TimeSpan.FromTicks((long)(length * ticksPerUnit)); // exact: four decimals of a millisecond are ticks
        }

        throw new PauseTooLongException(number + unit.ToLowerInvariant(), longest);
    }

    private static bool MayBecomePause(ReadOnlySpan<char> afterBracket)
    {
        const string word = "pause";
        var text = afterBracket.TrimStart(' ');
        var length = Math.Min(text.Length, word.Length);
        return text[..length].Equals(word.AsSpan(0, length), StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex(
        @"^\[ *pause *: *(?<number>[0-9]+(\.[0-9]{1,4})?|\.[0-9]{1,4}) *(?<unit>ms|s) *\]$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Pattern();
}
