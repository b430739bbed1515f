namespace VibeVoice;

/// <summary>What is done to a text before it is spoken. Words are never respelled.</summary>
/// <remarks>
/// Always: curly quotes become straight, white space is normalised, and characters that nobody can hear (controls,
/// byte-order marks, zero-width ones without a meaning) are taken out. Immutable, and safe to share between threads; nothing to dispose.
/// </remarks>
public sealed record TextOptions
{
    /// <summary>
    /// Takes out the marks of Markdown and keeps its words: headings, bullets, emphasis, code, links and images, block
    /// quotes, rules, the bars of tables. Default: false.
    /// </summary>
    public bool RemoveMarkdown { get; init; }

    /// <summary>Takes out emoji, flags and keycaps. Default: false.</summary>
    public bool RemoveEmoji { get; init; }

    /// <summary>
    /// Reads <c>[pause:500ms]</c> and <c>[pause:1.5s]</c> as silence of exactly that length. What is not well-formed
    /// is spoken as text. Default: true.
    /// </summary>
    public bool ReadPauses { get; init; } = true;

    /// <summary>The longest single pause, from zero; a longer one is an error. Default: one minute.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);
}
