namespace VibeVoice.Server.Models;

/// <summary>
/// The lock that the hub's other tools take while they fetch a blob. It keeps processes of one machine apart; workers on one
/// network volume, where such locks may mean nothing, are kept apart by a lease.
/// </summary>
internal static class BlobLock
{
    private const int ResourceTemporarilyUnavailable = 11;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits until no other tool holds <paramref name="path"/>, then holds it until disposed; the file stays.</summary>
    public static async Task<IDisposable> AcquireAsync(
        string path,
        TimeProvider timeProvider,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (exception.HResult == ResourceTemporarilyUnavailable)
            {
                await Task.Delay(PollInterval, timeProvider, cancellationToken);
            }
        }
    }
}
