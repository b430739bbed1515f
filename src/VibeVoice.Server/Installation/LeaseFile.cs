using System.Text.RegularExpressions;

namespace VibeVoice.Server.Installation;

/// <summary>
/// A lock that two workers on one network volume can share. File locks are advisory and unreliable there, so the holder
/// keeps a file that it rewrites every few seconds; one that stops changing was left by a dead holder and is taken over, and
/// so is one whose holder ran in this same container and has ended.
/// </summary>
/// <remarks>
/// Waiters compare what they read with their own clock only, never with the holder's. Should two ever hold it (a holder
/// that was frozen for longer than the patience of the others), the work under it must still be harmless: everything it
/// publishes appears by rename.
/// </remarks>
internal sealed partial class LeaseFile : IAsyncDisposable
{
    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    private const string AsideExtension = ".stale";

    private readonly string _path;
    private readonly string _owner = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private Task _beating = Task.CompletedTask;

    private LeaseFile(string path) => _path = path;

    /// <summary>Cancelled when a beat finds the file gone or another's.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Looks whether the file is there and ours.</summary>
    public bool IsHeld => IsOurs(Read(_path));

    /// <summary>Waits until nobody else holds <paramref name="path"/>, then holds it until disposed.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="staleAfter">A holder silent for so long is dead.</param>
    /// <param name="timeProvider">The clock of this waiter.</param>
    /// <param name="onWaiting">Told once, where somebody else holds it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<LeaseFile> AcquireAsync(
        string path,
        TimeSpan staleAfter,
        TimeProvider timeProvider,
        Action? onWaiting,
        CancellationToken cancellationToken
    ) => (await AcquireAsync(path, staleAfter, timeProvider, onWaiting, isPatient: true, cancellationToken))!;

    /// <summary>The same, but does not wait for a holder that lives: null once it was seen to beat.</summary>
    public static Task<LeaseFile?> TryAcquireAsync(
        string path,
        TimeSpan staleAfter,
        TimeProvider timeProvider,
        CancellationToken cancellationToken
    ) => AcquireAsync(path, staleAfter, timeProvider, onWaiting: null, isPatient: false, cancellationToken);

    /// <summary>Whether a file is a lease, by its name, or one that was moved aside to be removed.</summary>
    public static bool IsName(string path) => LeaseName().IsMatch(path);

    /// <summary>
    /// Removes a lease whose holder was killed when its work was done: nobody waits for it, so nobody would take it over.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="before">One that was last written before this has no holder, wherever that was.</param>
    public static void RemoveDead(string path, DateTime before)
    {
        var seen = Read(path);
        if (!ProcessIdentity.IsDead(HolderOf(seen)) && File.GetLastWriteTimeUtc(path) >= before)
        {
            return;
        }

        if (IsAside(path))
        {
            File.Delete(path);
        }
        else
        {
            RemoveStale(path, seen);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _lost.Dispose();
        try
        {
            if (IsOurs(Read(_path)))
            {
                File.Delete(_path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The work is done; what is left here goes stale and is taken over.
        }
    }

    private static async Task<LeaseFile?> AcquireAsync(
        string path,
        TimeSpan staleAfter,
        TimeProvider timeProvider,
        Action? onWaiting,
        bool isPatient,
        CancellationToken cancellationToken
    )
    {
        var lease = new LeaseFile(path);
        string? lastSeen = null;
        var since = timeProvider.GetTimestamp();
        while (!lease.TryCreate())
        {
            var seen = Read(path);
            if (lastSeen is null)
            {
                onWaiting?.Invoke();
            }

            if (seen != lastSeen)
            {
                if (lastSeen is not null && !isPatient)
                {
                    return null;
                }

                (lastSeen, since) = (seen, timeProvider.GetTimestamp());
            }
            else if (timeProvider.GetElapsedTime(since) >= staleAfter || ProcessIdentity.IsDead(HolderOf(seen)))
            {
                RemoveStale(path, seen);
                continue;
            }

            await Task.Delay(PollInterval, timeProvider, cancellationToken);
        }

        lease._beating = lease.BeatAsync(timeProvider);
        return lease;
    }

    private static bool IsAside(string path) => Path.GetExtension(path) == AsideExtension;

    /// <summary>The process in a lease's content, for <see cref="ProcessIdentity.IsDead"/>.</summary>
    public static string HolderOf(string content) => content[(content.LastIndexOf(' ') + 1)..];

    private bool IsOurs(string content) => content.StartsWith(_owner, StringComparison.Ordinal);

    // Always of the same length, so that a beat overwrites the one before it in place.
    private byte[] Content(int beat) =>
        System.Text.Encoding.ASCII.GetBytes($"{_owner} {beat:D10} {ProcessIdentity.Current}");

    private bool TryCreate()
    {
        FileStream file;
        try
        {
            file = new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (IOException exception) when (IsFileExists(exception))
        {
            return false;
        }

        using (file)
        {
            try
            {
                file.Write(Content(0));
                return true;
            }
            catch (IOException)
            {
                // A full disk, for one: what was begun must not look like somebody's lease.
                File.Delete(_path);
                throw;
            }
        }
    }

    // By its number: whether the file still exists when we look is another question.
    private static bool IsFileExists(IOException exception) =>
        exception.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070050) : 17);

    private async Task BeatAsync(TimeProvider timeProvider)
    {
        for (var beat = 1; ; beat++)
        {
            await Task.Delay(BeatInterval, timeProvider, _stop.Token);
            try
            {
                if (!TryBeat(beat))
                {
                    await _lost.CancelAsync();
                    return;
                }
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                await _lost.CancelAsync();
                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A network volume that hiccups: the next beat may come through, and rivals wait for several.
            }
        }
    }

    /// <summary>
    /// Looks and writes through one handle, and never creates the file: a lease that was taken over in between is neither
    /// brought back nor overwritten.
    /// </summary>
    private bool TryBeat(int beat)
    {
        using var file = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var content = Content(beat);
        var found = new byte[content.Length];
        var length = file.ReadAtLeast(found, found.Length, throwOnEndOfStream: false);
        if (!IsOurs(System.Text.Encoding.ASCII.GetString(found, 0, length)))
        {
            return false;
        }

        file.Position = 0;
        file.Write(content);
        return true;
    }

    private static string Read(string path)
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

    /// <summary>Moves the dead holder's file aside, so that of two waiters only one removes it.</summary>
    private static void RemoveStale(string path, string content)
    {
        var aside = $"{path}.{Guid.NewGuid():N}{AsideExtension}";
        try
        {
            File.Move(path, aside);
            if (Read(aside) == content)
            {
                File.Delete(aside);
            }
            else
            {
                // Another waiter was faster, and this is its own by now.
                File.Move(aside, path);
            }
        }
        catch (IOException)
        {
            // Another waiter was faster.
        }
    }

    [GeneratedRegex(
        @"([/\\][.]setup_lock|[.]lease)([.][0-9a-f]{32}[.]stale)?\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex LeaseName();
}
