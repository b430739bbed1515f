using System.Text.RegularExpressions;
using Testing;

namespace VibeVoice.Server.Tests.Documents;

/// <summary>A link in a document leads to a file that is there, and to a heading that it has.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> Documents =>
        [.. DocumentCommand.Documents, "docs/log.md", "CHANGELOG.md", "SECURITY.md", "NOTICE.md"];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_lead_somewhere(string document)
    {
        var text = File.ReadAllText(Repository.PathOf(document));
        var broken = Link().Matches(text).Where(link => !Exists(document, link)).Select(link => link.Value);
        broken.ShouldBeEmpty(document);
    }

    private static bool Exists(string document, Match link)
    {
        var (path, heading) = (link.Groups["path"].Value, link.Groups["heading"].Value);
        var target = path.Length == 0 ? document : Path.Combine(Path.GetDirectoryName(document)!, path);
        target = Repository.PathOf(target);
        return heading.Length == 0
            ? Path.Exists(target)
            : File.Exists(target) && Headings(File.ReadAllText(target)).Contains(heading, StringComparer.Ordinal);
    }

    /// <summary>The names under which headings can be linked to: lower case, without marks, spaces as dashes.</summary>
    private static IEnumerable<string> Headings(string text) =>
        Heading()
            .Matches(text)
            .Select(match => Mark().Replace(match.Groups["text"].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>To files of the repository; what is on the web is not asked for.</summary>
    [GeneratedRegex(@"\]\((?!https?:)(?<path>[^)#\s]*)(#(?<heading>[^)\s]+))?\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^\#+ (?<text>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, 1000)]
    private static partial Regex Mark();
}
