namespace VibeVoice.Compiled;

/// <summary>What may go from the folder of compiled weights: half files of the dead, and what nobody has used for long.</summary>
/// <remarks>
/// A whole file may be mapped by a process on another machine, and not every network volume keeps a removed file alive for
/// it. So none goes that was used within the last week, and of the others the last ones used stay.
/// </remarks>
/// <param name="folder">The folder.</param>
/// <param name="timeProvider">Compared with the times of files.</param>
internal sealed class CompiledHousekeeping(string folder, TimeProvider timeProvider)
{
    /// <summary>A maker writes several times a second: one that was silent for so long is dead, wherever it ran.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Disuse = TimeSpan.FromDays(7);

    /// <summary>The time of use is kept to the day: a start need not write.</summary>
    private static readonly TimeSpan UseInterval = TimeSpan.FromDays(1);

    /// <summary>With the one that is about to be made, three.</summary>
    private const int Kept = 2;

    private DateTime Now => timeProvider.GetUtcNow().UtcDateTime;

    /// <summary>Whether the last sign of life of a half file, or of a lock, is so old that its process must be dead.</summary>
    public static bool IsSilent(DateTime lastWriteUtc, TimeProvider timeProvider) =>
        lastWriteUtc < timeProvider.GetUtcNow().UtcDateTime - Silence;

    /// <summary>Remembers, as the file's time, that it is in use.</summary>
    public void MarkUsed(string path)
    {
        try
        {
            if (File.GetLastWriteTimeUtc(path) < Now - UseInterval)
            {
                File.SetLastWriteTimeUtc(path, Now);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Where it cannot be written, nobody removes anything either.
        }
    }

    /// <summary>Removes what may go before <paramref name="fileName"/> is made.</summary>
    /// <param name="fileName">What is about to be made.</param>
    /// <param name="isAlone">Whether its lock is held, so that no other process of this machine is at it.</param>
    public void Tidy(string fileName, bool isAlone)
    {
        var names = Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).ToList();
        RemoveAll([
            .. names.Where(name =>
                (isAlone && CompiledNames.IsTemporaryHere(name, fileName))
                || (
                    (CompiledNames.IsTemporary(name) || CompiledNames.IsLock(name))
                    && name != CompiledNames.Lock(fileName)
                    && IsSilent(TimeOf(name), timeProvider)
                )
            ),
            .. names
                .Where(name => CompiledNames.IsCompiled(name) && name != fileName)
                .OrderByDescending(TimeOf)
                .Skip(Kept)
                .Where(name => TimeOf(name) < Now - Disuse),
        ]);
    }

    private DateTime TimeOf(string name) => File.GetLastWriteTimeUtc(Path.Combine(folder, name));

    private void RemoveAll(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            try
            {
                File.Delete(Path.Combine(folder, name));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another's, or gone: it is in nobody's way but the disk's, and the next maker tries again.
            }
        }
    }
}
