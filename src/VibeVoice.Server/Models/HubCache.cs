using VibeVoice.Server.Hosting;

namespace VibeVoice.Server.Models;

/// <summary>
/// A folder in the layout that the hub's own tools use: what they fetched is found here, and they find what we fetch.
/// </summary>
/// <remarks><code>
/// models--{org}--{name}/refs/{revision}            the commit, as text
/// models--{org}--{name}/blobs/{etag}               content; {etag}.incomplete while it is fetched
/// models--{org}--{name}/snapshots/{commit}/{path}  a relative symbolic link to its blob
/// .locks/models--{org}--{name}/{etag}.lock         one downloader per blob
/// </code></remarks>
/// <param name="root">The folder; it need not exist.</param>
/// <param name="isPlatform">Whether it is RunPod's: that one is read leniently, since others fill it.</param>
internal sealed class HubCache(string root, bool isPlatform)
{
    public string Root => root;

    /// <summary>The snapshot that a revision means here, whether whole or not; null where the cache knows none.</summary>
    public string? FindSnapshot(HubId id)
    {
        var snapshots = Path.Combine(RepositoryFolder(id), "snapshots");
        if (!Directory.Exists(snapshots))
        {
            return null;
        }

        var commit = id.IsCommit ? id.Revision : ReadRef(id);
        if (commit is null && isPlatform && id.Revision == HubId.MainRevision)
        {
            commit = Directory
                .EnumerateDirectories(snapshots)
                .Select(folder => Path.GetFileName(folder))
                .Order(StringComparer.Ordinal)
                .FirstOrDefault();
        }

        return commit is not null && Directory.Exists(Path.Combine(snapshots, commit))
            ? Path.Combine(snapshots, commit)
            : null;
    }

    public string SnapshotFolder(HubId id, string commit) => Path.Combine(RepositoryFolder(id), "snapshots", commit);

    public string BlobPath(HubId id, string etag) => Path.Combine(RepositoryFolder(id), "blobs", etag);

    public string LockPath(HubId id, string name)
    {
        var folder = Path.Combine(root, ".locks", FolderName(id));
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, name);
    }

    /// <summary>Makes a file of a snapshot lead to its blob, in one step: a name that can be seen is right.</summary>
    public void Link(HubId id, string commit, string path, string etag)
    {
        var link = Path.Combine(SnapshotFolder(id, commit), path);
        var folder = Path.GetDirectoryName(link)!;
        Directory.CreateDirectory(folder);
        var target = Path.GetRelativePath(folder, BlobPath(id, etag));
        if (new FileInfo(link).LinkTarget == target)
        {
            return;
        }

        var part = $"{link}.{Guid.NewGuid():N}.part";
        try
        {
            try
            {
                File.CreateSymbolicLink(part, target);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A file system without links: the layout allows plain copies there.
                File.Copy(BlobPath(id, etag), part);
            }

            File.Move(part, link, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>Remembers which commit a branch or tag meant; written last, when its snapshot is whole.</summary>
    public async Task WriteRefAsync(HubId id, string commit, CancellationToken cancellationToken)
    {
        if (!id.IsCommit && ReadRef(id) != commit)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(RefPath(id))!);
            await WholeFile.WriteAsync(RefPath(id), System.Text.Encoding.ASCII.GetBytes(commit), cancellationToken);
        }
    }

    private static string FolderName(HubId id) => $"models--{id.Organization}--{id.Name}";

    private string RefPath(HubId id) => Path.Combine(RepositoryFolder(id), "refs", id.Revision);

    private string? ReadRef(HubId id)
    {
        var path = RefPath(id);
        var commit = File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        // Part of a path from here on, so nothing but a commit will do.
        return commit.Length > 0 && commit.All(char.IsAsciiHexDigit) ? commit : null;
    }

    /// <summary>Where the repository is, or would be; RunPod's documents show it in lower case, too.</summary>
    private string RepositoryFolder(HubId id)
    {
        var folder = Path.Combine(root, FolderName(id));
        return isPlatform && !Directory.Exists(folder) && Directory.Exists(root)
            ? Directory
                .EnumerateDirectories(root)
                .FirstOrDefault(
                    path => Path.GetFileName(path).Equals(FolderName(id), StringComparison.OrdinalIgnoreCase),
                    folder
                )
            : folder;
    }
}
