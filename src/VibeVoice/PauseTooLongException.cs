namespace VibeVoice;

/// <summary>A text asks for a longer pause than <see cref="TextOptions.LongestPause"/> allows.</summary>
/// <remarks>Safe to share between threads; nothing to dispose.</remarks>
public sealed class PauseTooLongException : FormatException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="found">The pause as the text has it, such as "90s".</param>
    /// <param name="longest">The longest that is allowed.</param>
    public PauseTooLongException(string found, TimeSpan longest)
        : base(
            FormattableString.Invariant(
                $"The text has a pause of {found}, but {longest.TotalSeconds:0.###}s is the longest; use a shorter one, or several in a row."
            )
        )
    {
        Found = found;
        Longest = longest;
    }

    /// <summary>The pause as the text has it.</summary>
    public string Found { get; }

    /// <summary>The longest that is allowed.</summary>
    public TimeSpan Longest { get; }
}
