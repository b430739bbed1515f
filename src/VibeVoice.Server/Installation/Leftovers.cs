using System.Text.RegularExpressions;

namespace VibeVoice.Server.Installation;

/// <summary>
/// What killed processes left: half files, since every file of ours is written beside its place and renamed, and leases,
/// which nobody takes over where the work under them was done.
/// </summary>
internal static partial class Leftovers
{
    /// <summary>So old that no running process can still be writing it.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromHours(1);

    /// <summary>Deletes those in a folder and below it; nothing else has such names.</summary>
    public static void Remove(string folder, TimeProvider timeProvider)
    {
        var before = timeProvider.GetUtcNow().UtcDateTime - Age;
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (LeaseFile.IsName(file))
            {
                LeaseFile.RemoveDead(file, before);
            }
            else if (HalfFile().IsMatch(file) && File.GetLastWriteTimeUtc(file) < before)
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>
    /// Deletes the leases in a folder whose holders were killed, without looking below it: for a start that has nothing to
    /// install, and may find a volume that it cannot write.
    /// </summary>
    public static void RemoveLeases(string folder, TimeProvider timeProvider)
    {
        try
        {
            var before = timeProvider.GetUtcNow().UtcDateTime - Age;
            foreach (var file in Directory.EnumerateFiles(folder).Where(LeaseFile.IsName))
            {
                LeaseFile.RemoveDead(file, before);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It stays, and harms nobody.
        }
    }

    [GeneratedRegex(@"[.][0-9a-f]{32}[.](part|tmp)\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HalfFile();
}
