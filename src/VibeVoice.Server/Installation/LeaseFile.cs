namespace VibeVoice.Server.Installation;

/// <summary>
/// A lock that two workers on one network volume can share. File locks are advisory and unreliable there, so the holder
/// keeps a file that it rewrites every few seconds; one that stops changing was left by a dead holder and is taken over.
/// </summary>
/// <remarks>
/// Waiters compare what they read with their own clock only, never with the holder's. Should two ever hold it, the work
/// under it must still be harmless: everything it publishes appears by rename.
/// </remarks>
internal sealed class LeaseFile : IAsyncDisposable
{
    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    private readonly string _path;
    private readonly string _owner = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _stop = new();
    private Task _beating = Task.CompletedTask;

    private LeaseFile(string path) => _path = path;

    /// <summary>Waits until nobody else holds <paramref name="path"/>, then holds it until disposed.</summary>
    /// <param name="staleAfter">A holder silent for so long is dead.</param>
    public static async Task<LeaseFile> AcquireAsync(
        string path,
        TimeSpan staleAfter,
        TimeProvider timeProvider,
        CancellationToken cancellationToken
    )
    {
        var lease = new LeaseFile(path);
        var lastSeen = "";
        var since = timeProvider.GetTimestamp();
        while (!lease.TryCreate())
        {
            var seen = ReadOrEmpty(path);
            if (seen != lastSeen)
            {
                (lastSeen, since) = (seen, timeProvider.GetTimestamp());
            }
            else if (timeProvider.GetElapsedTime(since) >= staleAfter)
            {
                RemoveStale(path, seen);
                continue;
            }

            await Task.Delay(PollInterval, timeProvider, cancellationToken);
        }

        lease._beating = lease.BeatAsync(timeProvider);
        return lease;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        if (ReadOrEmpty(_path).StartsWith(_owner, StringComparison.Ordinal))
        {
            File.Delete(_path);
        }
    }

    private bool TryCreate()
    {
        try
        {
            using var file = new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{_owner} 0"));
            return true;
        }
        catch (IOException) when (File.Exists(_path))
        {
            return false;
        }
    }

    private async Task BeatAsync(TimeProvider timeProvider)
    {
        for (var beat = 1; ; beat++)
        {
            await Task.Delay(BeatInterval, timeProvider, _stop.Token);
            try
            {
                await File.WriteAllTextAsync(_path, $"{_owner} {beat}", _stop.Token);
            }
            catch (IOException)
            {
                // A network volume that hiccups: the next beat may come through, and rivals wait for several.
            }
        }
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Moves the dead holder's file aside first, so that of two waiters only one removes it.</summary>
    private static void RemoveStale(string path, string content)
    {
        var aside = $"{path}.{Guid.NewGuid():N}.stale";
        try
        {
            if (ReadOrEmpty(path) == content)
            {
                File.Move(path, aside);
                File.Delete(aside);
            }
        }
        catch (IOException)
        {
            // Another waiter was faster.
        }
    }
}
