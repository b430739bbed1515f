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

    /// <summary>Whether its pieces between the … follow each other in one message.</summary>
    private static bool IsSaid(string heading, string sources) =>
        Regex.IsMatch(
            sources,
            string.Join("[^\n]{0,120}?", heading.Split('…').Select(Regex.Escape)),
            RegexOptions.None,
            TimeSpan.FromSeconds(20)
        );

    /// <summary>The program's sources, each message on one line.</summary>
    private static string Sources() =>
        string.Join(
            '\n',
            Directory
                .EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
                .Select(file => Joint().Replace(File.ReadAllText(file), ""))
        );

    [GeneratedRegex("""^#### `(?<message>.+)`$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Heading();

    /// <summary>Where two halves of a message are joined.</summary>
    [GeneratedRegex(""" "\s*\+\s*\$?" """, RegexOptions.IgnorePatternWhitespace, 1000)]
    private static partial Regex Joint();
}
