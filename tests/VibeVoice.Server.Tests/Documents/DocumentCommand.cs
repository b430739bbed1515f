using System.Text.RegularExpressions;
using Testing;

namespace VibeVoice.Server.Tests.Documents;

/// <summary>A command that a document tells its readers to type.</summary>
/// <param name="Document">The document, from the repository's root.</param>
/// <param name="Text">The command, without the comment behind it.</param>
/// <param name="Comment">That comment.</param>
internal sealed partial record DocumentCommand(string Document, string Text, string Comment)
{
    /// <summary>The documents that have commands; docs/log.md tells what was once typed, and is none.</summary>
    public static IReadOnlyList<string> Documents { get; } =
    [
        "README.md",
        .. Files("docs").Where(file => file is not "docs/log.md"),
        .. Directory.EnumerateDirectories(Repository.PathOf("src")).SelectMany(folder => Files("src/" + Name(folder))),
    ];

    public static IReadOnlyList<DocumentCommand> All { get; } = [.. Documents.SelectMany(Read)];

    /// <summary>Whether it says itself that it needs what no test has.</summary>
    public bool IsMarked => Mark().IsMatch(Comment);

    private static IEnumerable<DocumentCommand> Read(string document)
    {
        foreach (Match block in Block().Matches(File.ReadAllText(Repository.PathOf(document))))
        {
            var heading = "";
            foreach (var line in block.Groups["lines"].Value.Replace("\\\n", "\\\u0001").Split('\n'))
            {
                var match = Line().Match(line.Replace("\\\u0001", "\\\n"));
                var (text, comment) = (match.Groups["text"].Value, match.Groups["comment"].Value);
                if (text.Length > 0)
                {
                    yield return new DocumentCommand(document, text, comment.Length > 0 ? comment : heading);
                }
                else if (comment.Length > 0)
                {
                    // On a line of its own it is about all that follow.
                    heading = comment;
                }
            }
        }
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Repository.PathOf(folder), "*.md").Select(file => $"{folder}/{Name(file)}").Order();

    private static string Name(string path) => Path.GetFileName(path);

    [GeneratedRegex(@"^```sh\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Block();

    [GeneratedRegex(@"\A(?<text>.*?)(?:(?<=\A|\s)#\s*(?<comment>.*))?\z", RegexOptions.Singleline, 1000)]
    private static partial Regex Line();

    [GeneratedRegex(@"\bneeds (a GPU|the hub|GitHub|Docker|RunPod)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Mark();
}
