using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace VibeVoice.Server.Models;

/// <summary>A repository of the hub, and which of its states is meant.</summary>
/// <param name="Organization">"microsoft".</param>
/// <param name="Name">"VibeVoice-Realtime-0.5B".</param>
/// <param name="Revision">A branch, a tag, or a commit.</param>
internal sealed partial record HubId(string Organization, string Name, string Revision)
{
    public const string MainRevision = "main";

    /// <summary>"microsoft/VibeVoice-Realtime-0.5B".</summary>
    public string Repository => $"{Organization}/{Name}";

    /// <summary>Whether the revision is a commit, which never means anything else later.</summary>
    public bool IsCommit => CommitPattern().IsMatch(Revision);

    /// <summary>Reads "org/name" or "org/name@revision".</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HubId? id)
    {
        var match = Pattern().Match(text);
        var revision = match.Groups["revision"] is { Success: true } given ? given.Value : MainRevision;
        id =
            match.Success && !text.Contains("..", StringComparison.Ordinal)
                ? new HubId(match.Groups["organization"].Value, match.Groups["name"].Value, revision)
                : null;
        return id is not null;
    }

    public override string ToString() => Revision == MainRevision ? Repository : $"{Repository}@{Revision}";

    [GeneratedRegex(
        @"^(?<organization>[A-Za-z0-9][\w.-]*)/(?<name>[A-Za-z0-9][\w.-]*)(@(?<revision>[A-Za-z0-9][\w.-]*(/[\w.-]+)*))?\z",
        RegexOptions.ECMAScript,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Pattern();

    [GeneratedRegex(@"^[0-9a-f]{40}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CommitPattern();
}
