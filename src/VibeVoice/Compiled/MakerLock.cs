namespace VibeVoice.Compiled;

/// <summary>
/// Keeps a second process of this machine from doing the same work: a file lock, which ends with its process however that
/// ends.
/// </summary>
/// <remarks>
/// No more than a courtesy. On a network volume such a lock may be known to one machine only, or to none; then two
/// processes make the same file, each beside its place, and the rename of one is the last. No heartbeat is needed for that:
/// a process that waits is ready no earlier than one that makes its own.
/// </remarks>
internal sealed class MakerLock : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    // "Resource temporarily unavailable" of Linux and of macOS, and the sharing violation of Windows.
    private static readonly int[] HeldByOther = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream? _file;

    private MakerLock(FileStream? file) => _file = file;

    /// <summary>Whether it is held; else the patience was at its end, and the holder hangs.</summary>
    public bool IsHeld => _file is not null;

    /// <summary>Waits for the lock until it is free, or <paramref name="isDone"/>, or the patience is at its end.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="patience">A holder that has not ended after it is taken for one that hangs.</param>
    /// <param name="timeProvider">Measures the patience.</param>
    /// <param name="onWaiting">Told once, where another holds it.</param>
    /// <param name="isDone">Asked while waiting: whether what the lock is for is there.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be made.</exception>
    public static MakerLock Acquire(
        string path,
        TimeSpan patience,
        TimeProvider timeProvider,
        Action onWaiting,
        Func<bool> isDone,
        CancellationToken cancellationToken
    )
    {
        var start = timeProvider.GetTimestamp();
        for (var isFirst = true; ; isFirst = false)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return new MakerLock(
                    new FileStream(
                        path,
                        FileMode.OpenOrCreate,
                        FileAccess.ReadWrite,
                        FileShare.None,
                        bufferSize: 1,
                        FileOptions.DeleteOnClose
                    )
                );
            }
            catch (IOException exception) when (HeldByOther.Contains(exception.HResult))
            {
                if (isFirst)
                {
                    onWaiting();
                }
                else if (isDone() || timeProvider.GetElapsedTime(start) >= patience)
                {
                    return new MakerLock(null);
                }

                cancellationToken.WaitHandle.WaitOne(PollInterval);
            }
        }
    }

    /// <summary>Removes the file, then lets the next one in.</summary>
    public void Dispose() => _file?.Dispose();
}
