using System.Collections.Concurrent;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Http.Jobs.Storage;

/// <summary>
/// Tells which leases of others are dead: those that have not changed for a while, by the clock of the watcher alone, and those
/// of processes that have ended in this same container.
/// </summary>
internal sealed class LeaseWatch(TimeSpan staleAfter, TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<string, (string Content, long Since)> _seen = new(StringComparer.Ordinal);

    /// <summary>To be asked again and again.</summary>
    /// <param name="id">Whose lease.</param>
    /// <param name="content">What it holds now: "owner beat process".</param>
    public bool IsDead(string id, string content)
    {
        var now = timeProvider.GetTimestamp();
        var (_, since) = _seen.AddOrUpdate(
            id,
            _ => (content, now),
            (_, before) => before.Content == content ? before : (content, now)
        );
        return timeProvider.GetElapsedTime(since, now) >= staleAfter
            || ProcessIdentity.IsDead(LeaseFile.HolderOf(content));
    }

    public void Forget(string id) => _seen.TryRemove(id, out _);
}
