using System.Text.RegularExpressions;
using Testing;

namespace VibeVoice.Tests.Packaging;

/// <summary>No example of a README is text alone: each stands in a source that is compiled and run by a test.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string[] Sources =
    [
        Repository.PathOf("tests", "PackageSmoke", "Program.cs"),
        Repository.PathOf("tests", "VibeVoice.Tests", "Packaging", "ReadmeExamples.cs"),
    ];

    [Theory]
    [InlineData("VibeVoice", 5)]
    [InlineData("VibeVoice.Extensions.AI", 1)]
    public void Every_example_is_code_that_a_test_runs(string library, int count)
    {
        var readme = File.ReadAllText(Repository.PathOf("src", library, "README.md"));
        var examples = Example().Matches(readme).Select(match => Plain(match.Groups["code"].Value)).ToList();
        var sources = Sources.Select(path => Plain(File.ReadAllText(path))).ToList();

        examples.Count.ShouldBe(count);
        foreach (var example in examples)
        {
            sources.ShouldContain(source => source.Contains(example, StringComparison.Ordinal), example);
        }
    }

    [Fact]
    public void The_first_example_is_a_whole_program_of_at_most_five_lines()
    {
        var readme = File.ReadAllText(Repository.PathOf("src", "VibeVoice", "README.md"));
        var first = Plain(Example().Match(readme).Groups["code"].Value);

        first.ShouldBe(Plain(File.ReadAllText(Sources[0])));
        first.Split('\n').Length.ShouldBeLessThanOrEqualTo(5);
    }

    /// <summary>Without indentation and empty lines, which differ between a page and a method.</summary>
    private static string Plain(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Example();
}
