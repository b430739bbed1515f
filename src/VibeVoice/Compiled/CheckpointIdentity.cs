using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using VibeVoice.Checkpoints;

namespace VibeVoice.Compiled;

/// <summary>Which checkpoint a folder holds, told without reading its weights.</summary>
/// <remarks>
/// In a cache of the hub a file of weights is a link to a blob that is named after its content, and that name is enough: the
/// same weights are the same wherever and whenever they were fetched. Elsewhere it is size, time of change and the hash of
/// the header, which knows every tensor's name, type and place. The time is of the file, in whole seconds, since file
/// systems keep different fractions; in a snapshot of copies the commit stands for it. A change of config.json is another
/// checkpoint, since what is laid out may depend on it.
/// </remarks>
internal sealed record CheckpointIdentity
{
    private const string RepositoryPrefix = "models--";
    private const int LengthBytes = 8;

    /// <summary>No header is longer: <see cref="SafetensorsHeader"/> refuses it.</summary>
    private const long MaximumHeaderBytes = 100_000_000;

    private CheckpointIdentity(string name, string text)
    {
        Name = name;
        Text = text;
    }

    /// <summary>For people: the repository's name, or the folder's.</summary>
    public string Name { get; }

    /// <summary>A line for each thing that tells it apart.</summary>
    public string Text { get; }

    /// <exception cref="ModelFormatException">The folder holds no checkpoint.</exception>
    public static CheckpointIdentity Of(string folder)
    {
        try
        {
            var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
            path = new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
            var (repository, commit) = HubSnapshot(path);
            var config = SHA256.HashData(File.ReadAllBytes(Path.Combine(path, "config.json")));
            var text = new StringBuilder($"config.json: {Convert.ToHexStringLower(config)}\n");
            foreach (var name in WeightFiles.List(path))
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}: {Describe(Path.Combine(path, name), commit)}\n");
            }

            return new CheckpointIdentity(repository ?? Path.GetFileName(path), text.ToString());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"The checkpoint '{folder}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary><c>models--{organization}--{name}/snapshots/{commit}</c>; nulls for any other folder.</summary>
    private static (string? Repository, string? Commit) HubSnapshot(string path)
    {
        var snapshots = Path.GetDirectoryName(path);
        var repository = Path.GetFileName(Path.GetDirectoryName(snapshots)) ?? "";
        return
            Path.GetFileName(snapshots) == "snapshots"
            && repository.StartsWith(RepositoryPrefix, StringComparison.Ordinal)
            ? (repository[RepositoryPrefix.Length..].Split("--")[^1], Path.GetFileName(path))
            : (null, null);
    }

    private static string Describe(string path, string? commit)
    {
        var link = new FileInfo(path);
        var file = link.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? link;
        if (commit is not null && file != link && file.Directory?.Name == "blobs")
        {
            return string.Create(CultureInfo.InvariantCulture, $"{file.Length} bytes, blob {file.Name}");
        }

        var version = commit is null
            ? $"changed {file.LastWriteTimeUtc.ToString("s", CultureInfo.InvariantCulture)}Z"
            : $"commit {commit}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{file.Length} bytes, {version}, header {HashHeader(file)}"
        );
    }

    private static string HashHeader(FileInfo file)
    {
        using var stream = file.OpenRead();
        var length = new byte[LengthBytes];
        var isWhole = stream.ReadAtLeast(length, LengthBytes, throwOnEndOfStream: false) == LengthBytes;
        var bytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        if (!isWhole || bytes > (ulong)Math.Min(MaximumHeaderBytes, stream.Length - LengthBytes))
        {
            throw new ModelFormatException(
                $"'{file.FullName}' says its header has {bytes:N0} bytes, which a safetensors file of {stream.Length:N0} cannot have. "
                    + "Copy the file again from where the model came from."
            );
        }

        var header = new byte[bytes];
        stream.ReadExactly(header);
        return Convert.ToHexStringLower(SHA256.HashData(header));
    }
}
