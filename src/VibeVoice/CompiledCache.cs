using VibeVoice.Compiled;

namespace VibeVoice;

/// <summary>What is in a folder that <see cref="ModelOptions.CompiledFolder"/> named.</summary>
/// <remarks>Thread-safe: every call reads the folder anew, and there is nothing to dispose.</remarks>
public static class CompiledCache
{
    /// <summary>Looks at all that is there, and changes nothing.</summary>
    /// <param name="folder">The folder; one that does not exist is empty.</param>
    /// <param name="readsWeights">Whether the weights themselves are read and compared with their checksums, not their tables alone.</param>
    /// <param name="cancellationToken">Stops between two files, or two tensors.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be read.</exception>
    public static CompiledCacheReport Inspect(
        string folder,
        bool readsWeights = false,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var files = new List<CompiledCacheFile>();
        var leftovers = new List<string>();
        var strangers = new List<string>();
        var isBeingMade = false;
        foreach (var entry in ListOf(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (CompiledNames.IsCompiled(entry.Name) && entry is FileInfo file)
            {
                files.Add(new(file.Name, file.Length, DamageOf(file.FullName, readsWeights, cancellationToken)));
            }
            else if (!CompiledNames.IsTemporary(entry.Name) && !CompiledNames.IsLock(entry.Name))
            {
                strangers.Add(entry.Name);
            }
            else if (CompiledHousekeeping.IsSilent(entry.LastWriteTimeUtc, TimeProvider.System))
            {
                leftovers.Add(entry.Name);
            }
            else
            {
                isBeingMade |= CompiledNames.IsTemporary(entry.Name);
            }
        }

        return new CompiledCacheReport(files, isBeingMade, leftovers, strangers);
    }

    private static IEnumerable<FileSystemInfo> ListOf(string folder) =>
        Directory.Exists(folder)
            ? new DirectoryInfo(folder).EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal)
            : [];

    private static string? DamageOf(string path, bool readsWeights, CancellationToken cancellationToken)
    {
        try
        {
            using var file = CompiledFile.Open(path);
            return readsWeights && file.FindDamage(cancellationToken) is { } tensor
                ? $"'{path}' is damaged: tensor '{tensor}' has another checksum than it was written with."
                : null;
        }
        catch (Exception exception)
            when (exception is ModelFormatException or IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}

/// <summary>What is in a folder of compiled weights.</summary>
/// <param name="Files">Compiled weights, damaged ones with them, by name.</param>
/// <param name="IsBeingMade">Whether some process is writing others, as far as can be seen.</param>
/// <param name="Leftovers">Names of what killed processes left; the next one that compiles removes them.</param>
/// <param name="Strangers">Names of what does not belong there; nobody removes it.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record CompiledCacheReport(
    IReadOnlyList<CompiledCacheFile> Files,
    bool IsBeingMade,
    IReadOnlyList<string> Leftovers,
    IReadOnlyList<string> Strangers
);

/// <summary>The compiled weights of one checkpoint, in one precision.</summary>
/// <param name="Name">The file's name: model, precision, and a hash of all that they depend on.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Damage">What is wrong with it, in a sentence; null where nothing is.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record CompiledCacheFile(string Name, long Bytes, string? Damage);
