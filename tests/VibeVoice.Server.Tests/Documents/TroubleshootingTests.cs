using System.Text.RegularExpressions;
using Testing;

namespace VibeVoice.Server.Tests.Documents;

/// <summary>A message that people search for must be the one that they saw.</summary>
public sealed partial class TroubleshootingTests
{
    [Fact]
    public void Every_heading_is_a_message_of_the_program()
    {
        var sources = Sources();
        var headings = Heading()
            .Matches(File.ReadAllText(Repository.PathOf("docs/troubleshooting.md")))
            .Select(match => match.Groups["message"].Value)
            .ToList();

        headings.Count.ShouldBeGreaterThan(20);
        headings.Where(heading => !IsSaid(heading, sources)).ShouldBeEmpty("the program says something else by now");
    }

    /// <summary>Whether its pieces between the … follow each other on one line.</summary>
    private static bool IsSaid(string heading, IReadOnlyList<string> lines)
    {
        var pieces = heading.Split('…');
        return lines.Any(line =>
            pieces.Aggregate(
                0,
                (from, piece) =>
                    from >= 0 && line.IndexOf(piece, from, StringComparison.Ordinal) is >= 0 and var at
                        ? at + piece.Length
                        : -1
            ) >= 0
        );
    }

    /// <summary>The program's sources, each message on one line.</summary>
    private static List<string> Sources() =>
        [
            .. Directory
                .EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
                .SelectMany(file => Joint().Replace(File.ReadAllText(file), "").Split('\n'))
                .Where(line => line.Contains('"', StringComparison.Ordinal)),
        ];

    [GeneratedRegex("""^#### `(?<message>.+)`$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Heading();

    /// <summary>Where two halves of a message are joined.</summary>
    [GeneratedRegex(""" "\s*\+\s*\$?" """, RegexOptions.IgnorePatternWhitespace, 1000)]
    private static partial Regex Joint();
}
