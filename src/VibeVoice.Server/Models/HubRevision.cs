namespace VibeVoice.Server.Models;

/// <summary>The state of a repository that a revision meant when we asked.</summary>
/// <param name="Commit">Everything is fetched at it.</param>
/// <param name="Files">Paths within the repository.</param>
internal sealed record HubRevision(string Commit, IReadOnlyList<string> Files);
