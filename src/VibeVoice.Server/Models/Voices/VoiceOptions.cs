using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Models.Voices;

/// <summary>Where the published voices come from.</summary>
internal sealed record VoiceOptions
{
    /// <summary>The state of the repository that this program was written against.</summary>
    private const string PinnedCommit = "e73d1e17c3754f046352014856a922f8208fb5d3";

    [Setting(
        "VIBEVOICE_REPOSITORY",
        "Git repository with the published voices: a URL or a path, `#` and a commit behind it unless it has the pinned one."
    )]
    public string Repository { get; init; } = "https://github.com/microsoft/VibeVoice.git";

    [Setting(
        "EXPERIMENTAL_VOICES_URL",
        "Folder of a mirror with the nine archives of experimental voices.",
        Default = "GitHub's attachments"
    )]
    public Uri? ExperimentalVoicesUrl { get; init; }

    [Setting("GIT_PATH", "The git program, a name on the PATH or a path.")]
    public string GitPath { get; init; } = "git";

    public string RepositoryUrl => Repository.Split('#')[0];

    /// <summary>The same for people to read: a user and a password in it are nobody's business.</summary>
    public string ShownUrl =>
        Uri.TryCreate(RepositoryUrl, UriKind.Absolute, out var url) && url.UserInfo.Length > 0
            ? RepositoryUrl.Replace($"{url.UserInfo}@", "", StringComparison.Ordinal)
            : RepositoryUrl;

    public string Commit => Repository.Split('#') is [_, { Length: > 0 } commit] ? commit : PinnedCommit;
}
