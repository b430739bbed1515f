using System.Globalization;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models;

/// <summary>Brings files of one commit into the cache.</summary>
internal sealed class SnapshotDownload(
    HubClient client,
    HubCache cache,
    HubId id,
    string commit,
    ProgressTerminal terminal,
    TimeProvider timeProvider,
    ILogger logger
)
{
    /// <summary>Fetches what the cache does not have, and links all of it into the snapshot.</summary>
    /// <exception cref="SpeechFailedException">The hub fails for good, or the disk has not enough room.</exception>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public async Task RunAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var files = await AskAsync(paths, cancellationToken);
        Directory.CreateDirectory(Path.GetDirectoryName(cache.BlobPath(id, "any"))!);
        var missing = ListMissing(files);
        if (missing.Count > 0)
        {
            CheckRoom(missing);
            await FetchAsync(missing, cancellationToken);
        }

        foreach (var file in files)
        {
            cache.Link(id, commit, file.Path, file.ETag);
        }
    }

    /// <summary>Asks for the sizes of files; fetches and writes nothing.</summary>
    /// <returns>Bytes of those that the cache does not have.</returns>
    /// <exception cref="SpeechFailedException">The hub fails for good, or the disk has not enough room.</exception>
    public async Task<long> MeasureAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var missing = ListMissing(await AskAsync(paths, cancellationToken));
        CheckRoom(missing);
        return missing.Sum(file => file.Bytes);
    }

    private async Task<List<HubFile>> AskAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var files = new List<HubFile>();
        foreach (var path in paths)
        {
            files.Add(await client.GetFileAsync(id, commit, path, cancellationToken));
        }

        return files;
    }

    private List<HubFile> ListMissing(IEnumerable<HubFile> files) =>
        [.. files.Where(file => !HasBlob(file)).DistinctBy(file => file.ETag)];

    /// <summary>Whether the blob is there, whole: one of another size was cut by something that no rename protects from.</summary>
    private bool HasBlob(HubFile file)
    {
        var blob = new FileInfo(cache.BlobPath(id, file.ETag));
        return blob.Exists && blob.Length == file.Bytes;
    }

    private async Task FetchAsync(List<HubFile> files, CancellationToken cancellationToken)
    {
        await using var progress = new DownloadProgress(
            id.Repository,
            files.Sum(file => file.Bytes),
            terminal.Writer,
            logger,
            timeProvider
        );
        foreach (var file in files)
        {
            using var held = await BlobLock.AcquireAsync(
                cache.LockPath(id, $"{file.ETag}.lock"),
                timeProvider,
                cancellationToken
            );
            if (HasBlob(file))
            {
                progress.Find(file.Bytes);
                continue;
            }

            var source = new BlobSource(client, id, commit, file);
            await new BlobDownload(source, progress).RunAsync(cache.BlobPath(id, file.ETag), cancellationToken);
        }
    }

    private void CheckRoom(List<HubFile> files)
    {
        var needed = files.Sum(file => file.Bytes - BytesOf(BlobDownload.Incomplete(cache.BlobPath(id, file.ETag))));
        var free = DiskSpace.FreeAt(cache.Root);
        if (needed > free)
        {
            throw new SpeechFailedException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{id.Repository}' needs {needed / 1e6:N0} MB more in '{cache.Root}', but only {free / 1e6:N0} MB are free there. Make room, "
                        + $"or set HF_HOME to a folder on a larger disk."
                )
            );
        }
    }

    private static long BytesOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;
}
