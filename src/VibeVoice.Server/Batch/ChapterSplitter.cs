using System.Text;

namespace VibeVoice.Server.Batch;

/// <summary>Cuts a book into chapters at its headings. Every word of it is in one of them, in order.</summary>
internal static class ChapterSplitter
{
    private const int MaxTitleLine = 80;

    /// <param name="text">The book; lines may end in any way.</param>
    /// <param name="rules">What a heading is.</param>
    /// <param name="bookTitle">The title of what stands before the first heading, and of a book without one.</param>
    /// <returns>Joined, the book; a chapter may have no words.</returns>
    public static IReadOnlyList<Chapter> Split(string text, HeadingRules rules, string bookTitle)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var headings = FindHeadings(lines, rules);
        var chapters = new List<Chapter>();
        var open = (Title: bookTitle, Text: new StringBuilder());
        for (var i = 0; i < lines.Length; i++)
        {
            if (headings[i] is not { } heading)
            {
                open.Text.Append(lines[i]).Append('\n');
                continue;
            }

            Close();
            open = (OneLine(heading.Title), new StringBuilder(heading.Spoken).Append('\n'));
            if (heading.TakesTitle && IsTitle(lines, headings, i + 1))
            {
                open.Title = OneLine($"{heading.Title} {lines[i + 1]}");
            }
            else
            {
                open.Text.Append('\n'); // spoken as a paragraph of its own
            }
        }

        Close();
        return chapters;

        void Close()
        {
            if (open.Text.Length > 0)
            {
                chapters.Add(new Chapter(open.Title, open.Text.ToString()));
            }
        }
    }

    private static Heading?[] FindHeadings(string[] lines, HeadingRules rules)
    {
        var found = new Heading?[lines.Length];
        string? fence = null;
        for (var i = 0; i < lines.Length; i++)
        {
            var start = lines[i].TrimStart();
            var mark = start.StartsWith("```", StringComparison.Ordinal) ? "```" : "~~~";
            if (start.StartsWith(mark, StringComparison.Ordinal) && (fence is null || fence == mark))
            {
                fence = fence is null ? mark : null;
            }

            found[i] = rules.Find(lines[i], isInFence: fence is not null);
        }

        // Lines of a table of contents stand close together, and are no headings.
        return
        [
            .. found.Select(
                (heading, i) =>
                    heading is { StandsAlone: true }
                    && ((i > 0 && !IsBlank(lines[i - 1])) || (i + 1 < lines.Length && found[i + 1] is not null))
                        ? null
                        : heading
            ),
        ];
    }

    private static bool IsTitle(string[] lines, Heading?[] headings, int i) =>
        i < lines.Length
        && headings[i] is null
        && !IsBlank(lines[i])
        && lines[i].Trim().Length <= MaxTitleLine
        && (i + 1 == lines.Length || IsBlank(lines[i + 1]));

    private static bool IsBlank(string line) => string.IsNullOrWhiteSpace(line);

    private static string OneLine(string title) =>
        string.Join(' ', title.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
