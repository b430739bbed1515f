using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Http.Jobs.Storage;

/// <summary>Jobs on a volume that the workers share.</summary>
/// <param name="root">The folder of all jobs; it need not exist.</param>
/// <param name="timeProvider">Clock of the leases.</param>
internal sealed class FolderStore(string root, TimeProvider timeProvider) : IJobStore
{
    private const string Open = "open";

    /// <summary>Five beats.</summary>
    private static readonly TimeSpan _staleAfter = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _overtaking = TimeSpan.FromSeconds(5);

    /// <summary>Below this nothing new is begun: a part would be spoken and could not be kept.</summary>
    private const long LeastFreeBytes = 64 * 1024 * 1024;

    private readonly LeaseWatch _watch = new(_staleAfter, timeProvider);

    public string Place => $"the volume at '{root}'";

    public TimeSpan ScanInterval => TimeSpan.FromSeconds(5);

    public Task<byte[]?> ReadAsync(string id, string name, CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            try
            {
                return await File.ReadAllBytesAsync(PathOf(id, name), cancellationToken);
            }
            catch (Exception exception) when (IsMissing(exception))
            {
                return null;
            }
        });

    public Task WriteAsync(string id, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        GuardAsync(() => WholeFile.WriteAsync(PathOf(id, name), content, cancellationToken));

    public Task<bool> TryCreateAsync(
        string id,
        string name,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken
    ) =>
        GuardAsync(async () =>
        {
            Directory.CreateDirectory(PathOf(Open));
            Directory.CreateDirectory(PathOf(id));
            EnsureRoom();
            var path = PathOf(id, name);
            var part = $"{path}.{Guid.NewGuid():N}.part";
            try
            {
                await File.WriteAllBytesAsync(part, content, cancellationToken);
                if (File.Exists(path))
                {
                    return false;
                }

                File.Move(part, path);
                return true;
            }
            catch (IOException) when (File.Exists(path))
            {
                return false;
            }
            finally
            {
                File.Delete(part);
            }
        });

    public Task<Stream?> OpenAsync(string id, string name, CancellationToken cancellationToken) =>
        GuardAsync(() =>
        {
            try
            {
                const FileShare share = FileShare.Read | FileShare.Delete;
                return Task.FromResult<Stream?>(
                    new FileStream(PathOf(id, name), FileMode.Open, FileAccess.Read, share)
                );
            }
            catch (Exception exception) when (IsMissing(exception))
            {
                return Task.FromResult<Stream?>(null);
            }
        });

    public Task<long> PublishAsync(
        string id,
        string name,
        EncodedAudio audio,
        DeliveryRequest request,
        CancellationToken cancellationToken
    ) =>
        GuardAsync(async () =>
        {
            var bytes = 0L;
            await WholeFile.WriteAsync(
                PathOf(id, name),
                async file =>
                {
                    await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
                    {
                        await file.WriteAsync(piece, cancellationToken);
                        bytes += piece.Length;
                    }

                    file.Position = 0;
                    await file.WriteAsync(audio.CompletedHead, cancellationToken);
                }
            );
            return bytes;
        });

    public Task DeleteAsync(string id, string name, CancellationToken cancellationToken) =>
        GuardAsync(() =>
        {
            WholeFile.TryDelete(PathOf(id, name));
            return Task.CompletedTask;
        });

    public Task RemoveAsync(string id, CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            WholeFile.TryDelete(PathOf(Open, id));
            WholeFile.TryDelete(PathOf(id, JobFiles.Request));
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    Directory.Delete(PathOf(id), recursive: true);
                    break;
                }
                catch (DirectoryNotFoundException)
                {
                    break;
                }
                catch (IOException) when (attempt < 5)
                {
                    // The worker that had it was still writing; it finds out.
                    await Task.Delay(TimeSpan.FromMilliseconds(20), timeProvider, cancellationToken);
                }
            }

            _watch.Forget(id);
        });

    public Task ListAsync(string id, CancellationToken cancellationToken) =>
        GuardAsync(() => File.WriteAllBytesAsync(PathOf(Open, id), [], cancellationToken));

    public Task UnlistAsync(string id, CancellationToken cancellationToken) => DeleteAsync(Open, id, cancellationToken);

    public Task<IReadOnlyList<string>> ReadListAsync(CancellationToken cancellationToken) =>
        GuardAsync<IReadOnlyList<string>>(() =>
        {
            var folder = PathOf(Open);
            return Task.FromResult<IReadOnlyList<string>>(
                Directory.Exists(folder)
                    ?
                    [
                        .. new DirectoryInfo(folder)
                            .EnumerateFiles()
                            .Where(file => JobId.IsOne(file.Name))
                            .OrderBy(file => file.LastWriteTimeUtc)
                            .Select(file => file.Name),
                    ]
                    : []
            );
        });

    public Task<IReadOnlyList<KeptJob>> ReadAllAsync(CancellationToken cancellationToken) =>
        GuardAsync<IReadOnlyList<KeptJob>>(() =>
            Task.FromResult<IReadOnlyList<KeptJob>>(
                Directory.Exists(root)
                    ?
                    [
                        .. Directory
                            .EnumerateDirectories(root)
                            .Where(folder => JobId.IsOne(Path.GetFileName(folder)))
                            .Select(folder => new KeptJob(Path.GetFileName(folder), MadeAt(folder))),
                    ]
                    : []
            )
        );

    public Task<IJobLease?> TryLeaseAsync(string id, CancellationToken cancellationToken) =>
        GuardAsync<IJobLease?>(async () =>
        {
            EnsureRoom();
            var path = PathOf(id, JobFiles.Lease);
            try
            {
                if (File.Exists(path) && !_watch.IsDead(id, await File.ReadAllTextAsync(path, cancellationToken)))
                {
                    return null;
                }

                // Longer than a beat: of two that take over what is dead, or find nothing, one sees the other beat.
                var lease = await LeaseFile.TryAcquireAsync(path, _overtaking, timeProvider, cancellationToken);
                _watch.Forget(id);
                return lease is null ? null : new FolderLease(lease);
            }
            catch (Exception exception) when (IsMissing(exception))
            {
                return null; // the job was removed meanwhile
            }
        });

    public PresignedFile? Presign(string id, string name) => null;

    public void Dispose() { }

    private void EnsureRoom()
    {
        if (DiskSpace.FreeAt(root) is var free && free < LeastFreeBytes)
        {
            throw new IOException(
                $"Only {free / (1024 * 1024)} MB are free, but {LeastFreeBytes / (1024 * 1024)} are needed"
            );
        }
    }

    private string PathOf(params string[] parts) => Path.Combine([root, .. parts]);

    private static DateTimeOffset MadeAt(string folder)
    {
        var request = Path.Combine(folder, JobFiles.Request);
        return new DateTimeOffset(
            File.Exists(request) ? File.GetLastWriteTimeUtc(request) : Directory.GetLastWriteTimeUtc(folder)
        );
    }

    private static bool IsMissing(Exception exception) =>
        exception is FileNotFoundException or DirectoryNotFoundException;

    private Task<bool> GuardAsync(Func<Task> action) =>
        GuardAsync(async () =>
        {
            await action();
            return true;
        });

    private async Task<T> GuardAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without the place, which is nobody's business.
            var reason = exception.Message.Split(" : '")[0].Replace(root, "", StringComparison.Ordinal).TrimEnd('.');
            throw new JobStoreException($"The volume that keeps the jobs failed: {reason}.", exception);
        }
    }

    private sealed class FolderLease(LeaseFile lease) : IJobLease
    {
        public CancellationToken Lost => lease.Lost;

        public Task<bool> ConfirmAsync(CancellationToken cancellationToken) => Task.FromResult(lease.IsHeld);

        public ValueTask DisposeAsync() => lease.DisposeAsync();
    }
}
