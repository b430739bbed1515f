using System.Text.RegularExpressions;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>Which lines of a book are headings: docs/deploy.md tells the rules to those who write books.</summary>
internal sealed partial class HeadingRules
{
    private const int MaxNamedLength = 100;

    private static readonly TimeSpan PatternLimit = TimeSpan.FromSeconds(1);

    private readonly Regex? _pattern;

    private HeadingRules(Regex? pattern) => _pattern = pattern;

    /// <summary>Markdown's headings of the first two levels, and lines such as "Chapter 12", "KAPITEL IV. Der Titel".</summary>
    public static HeadingRules Usual { get; } = new(pattern: null);

    /// <param name="pattern">A regular expression; a line in which it is found is a heading, and no other is.</param>
    /// <exception cref="JobRejectedException">It is not a regular expression.</exception>
    public static HeadingRules Of(string pattern)
    {
        try
        {
            return new HeadingRules(new Regex(pattern, RegexOptions.CultureInvariant, PatternLimit));
        }
        catch (ArgumentException exception)
        {
            throw new JobRejectedException(
                $"'--chapter-pattern' is '{Quote.Short(pattern)}', which is not a regular expression: {exception.Message}"
            );
        }
    }

    /// <param name="line">Without its end.</param>
    /// <param name="isInFence">Whether it stands in a block of code, where '#' begins a comment.</param>
    /// <returns>Null where it is no heading.</returns>
    /// <exception cref="JobRejectedException">The pattern takes too long.</exception>
    public Heading? Find(string line, bool isInFence)
    {
        if (_pattern is not null)
        {
            return ByPattern(_pattern, line);
        }

        if (!isInFence && Markdown().Match(line) is { Success: true } marked)
        {
            var title = marked.Groups["title"].Value;
            return new Heading(title, title, StandsAlone: false, TakesTitle: false);
        }

        return ByName(line);
    }

    private static Heading? ByPattern(Regex pattern, string line)
    {
        try
        {
            var match = pattern.Match(line);
            var title = match.Groups["title"] is { Success: true } named ? named.Value : line;
            return match.Success ? new Heading(title.Trim(), line.Trim(), StandsAlone: false, TakesTitle: false) : null;
        }
        catch (RegexMatchTimeoutException)
        {
            throw new JobRejectedException(
                $"'--chapter-pattern' takes longer than {PatternLimit.TotalSeconds} s on one line; make it simpler."
            );
        }
    }

    private static Heading? ByName(string line)
    {
        // "**Chapter 1**", "_CHAPTER I._"
        var title = line.Trim().Trim('*', '_');
        if (title.Length is 0 or > MaxNamedLength)
        {
            return null;
        }

        // A sentence of its own line, "Chapter two was dull", goes on with a small letter.
        if (Numbered().Match(title) is { Success: true } numbered && (char.IsUpper(title[0]) || char.IsDigit(title[0])))
        {
            return new Heading(title, line.Trim(), StandsAlone: true, TakesTitle: !numbered.Groups["title"].Success);
        }

        return (Unnumbered().IsMatch(title) && char.IsUpper(title[0])) || Chinese().IsMatch(title)
            ? new Heading(title, line.Trim(), StandsAlone: true, TakesTitle: false)
            : null;
    }

    [GeneratedRegex(@"^ {0,3}#{1,2}[ \t]+(?<title>[^ \t].*?)([ \t]+#+)?[ \t]*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Markdown();

    [GeneratedRegex(
        """
            ^(?i:
                (chapter|part|book|volume|act|kapitel|teil|buch|band|akt|chapitre|partie|livre|cap[ií]tulo|parte|libro
                    |capitolo|hoofdstuk|deel|rozdział|глава|часть)
                \s+ (\d{1,4}|[ivxlcdm]{1,9}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen
                    |fifteen|sixteen|seventeen|eighteen|nineteen|(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)
                    ([- ](one|two|three|four|five|six|seven|eight|nine))?
                    |the\ (first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last)
                    |eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)
                | (\d{1,3}\. | \p{L}{3,20}(s|es|er)) \s+ (kapitel|teil|buch|akt)
            )
            ( \s* [.:—–-]? \s* | \s* [.:—–-] \s+ (?<title>\S.*) | \s+ (?<title>["'“„«]?[\p{Lu}\d][^.!?]*) )$
            """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Numbered();

    [GeneratedRegex(
        """
            ^(?i:prologue|epilogue|foreword|preface|introduction|afterword|interlude|appendix|prolog|epilog|vorwort|nachwort
                |einleitung|anhang|zwischenspiel|prólogo|epílogo|prefacio|prologo|epilogo|prefazione|préface|avant-propos
                |postface|épilogue|voorwoord|nawoord|пролог|эпилог|предисловие)
            ( [.:]? | [.:—–-] \s+ \S.* )$
            """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Unnumbered();

    [GeneratedRegex(
        "^第[0-9０-９一二三四五六七八九十百千零〇两]{1,8}[章回部卷篇節节話话].{0,40}$",
        RegexOptions.None,
        1000
    )]
    private static partial Regex Chinese();
}
