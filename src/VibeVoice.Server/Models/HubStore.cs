using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models;

/// <summary>Repositories on this machine: found in RunPod's cache or in ours, else fetched from the hub.</summary>
/// <param name="options">The settings.</param>
/// <param name="home">The folder of the cache where HF_HOME names none.</param>
/// <param name="terminal">For progress.</param>
/// <param name="timeProvider">Times pauses and progress.</param>
/// <param name="logger">For progress where there is no terminal.</param>
internal sealed partial class HubStore(
    HubOptions options,
    string home,
    ProgressTerminal terminal,
    TimeProvider timeProvider,
    ILogger<HubStore> logger
)
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(10);

    private readonly string _home = options.Home ?? home;
    private readonly HubCache _platform = new(options.PlatformCache, isPlatform: true);

    /// <summary>A hub that did not answer is not waited for a second time.</summary>
    private bool _isDown;

    /// <summary>The folder of our cache; it need not exist.</summary>
    public string CacheFolder => Own.Root;

    private HubCache Own => field ??= new(options.Cache ?? Path.Combine(_home, "hub"), isPlatform: false);

    /// <summary>What of a repository our cache holds already, in bytes, half files with it.</summary>
    public long CachedBytes(HubId id)
    {
        var blobs = new DirectoryInfo(Path.GetDirectoryName(Own.BlobPath(id, "any"))!);
        return blobs.Exists ? blobs.EnumerateFiles().Sum(file => file.Length) : 0;
    }

    /// <summary>Finds a whole snapshot without asking anybody; null where there is none.</summary>
    public string? Find(HubId id, HubFileSet files) => FindIn(_platform, id, files) ?? FindIn(Own, id, files);

    /// <summary>Finds a snapshot or fetches it.</summary>
    /// <param name="id">The repository.</param>
    /// <param name="files">What is needed of it.</param>
    /// <param name="care">Whether what is found is trusted.</param>
    /// <returns>The snapshot's folder.</returns>
    /// <exception cref="SpeechFailedException">It is not here and cannot be fetched, or it is of no use.</exception>
    public async Task<string> EnsureAsync(
        HubId id,
        HubFileSet files,
        InstallCare care,
        CancellationToken cancellationToken
    )
    {
        if (FindIn(_platform, id, files) is { } cached)
        {
            Log.FoundOnPlatform(logger, id, cached);
            return cached;
        }

        var found = FindIn(Own, id, files);
        if (found is not null && (care == InstallCare.Trust || await IsSoundAsync(found, cancellationToken)))
        {
            if (care != InstallCare.Renew || options.IsOffline)
            {
                return found;
            }
        }
        else
        {
            found = null;
        }

        if (options.IsOffline)
        {
            var missing = Own.FindSnapshot(id) is { } partial ? files.FindMissing(partial) : [files.Expectation];
            throw new SpeechFailedException(
                $"'{id}' is not whole in the cache '{Own.Root}': {string.Join(", ", missing)} missing. HF_HUB_OFFLINE forbids to "
                    + "fetch it: unset it, or set HF_HOME to a cache that has the model, or MODEL_PATH to a folder that is one."
            );
        }

        try
        {
            return await DownloadAsync(id, files, care, cancellationToken);
        }
        catch (SpeechFailedException exception) when (found is not null)
        {
            _isDown = exception.InnerException is { } and not HubFailure { IsTransient: false };
            Log.NotRenewed(logger, id, exception.Message);
            return found;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SpeechFailedException(
                $"The model cache '{Own.Root}' cannot be written: {exception.Message} Make room or make it writable, or set "
                    + "HF_HOME to a folder that is.",
                exception
            );
        }
        catch (ModelFormatException exception)
        {
            throw new SpeechFailedException($"'{id}' cannot be used. {exception.Message}", exception);
        }
    }

    /// <summary>Asks the hub what a fetch would ask it first, once, and fetches nothing.</summary>
    /// <param name="id">The repository.</param>
    /// <param name="files">What is needed of it.</param>
    /// <returns>The commit, and how many bytes would be fetched.</returns>
    /// <exception cref="SpeechFailedException">It could not be fetched, or there is no room for it.</exception>
    public async Task<(string Commit, long Bytes)> AskAsync(
        HubId id,
        HubFileSet files,
        CancellationToken cancellationToken
    )
    {
        using var client = CreateClient(attempts: 1);
        var revision = await client.GetRevisionAsync(id, cancellationToken);
        var paths = files.ChooseSmall(revision.Files).Concat(ChooseLarge(id, files, revision)).ToList();
        var download = new SnapshotDownload(client, Own, id, revision.Commit, terminal, timeProvider, logger);
        return (revision.Commit, await download.MeasureAsync(paths, cancellationToken));
    }

    private HubClient CreateClient(int attempts) =>
        new(options.Endpoint, options.ReadToken(_home), attempts, timeProvider);

    private static string? FindIn(HubCache cache, HubId id, HubFileSet files) =>
        cache.FindSnapshot(id) is { } snapshot && files.FindMissing(snapshot).Count == 0 ? snapshot : null;

    private async Task<string> DownloadAsync(
        HubId id,
        HubFileSet files,
        InstallCare care,
        CancellationToken cancellationToken
    )
    {
        await using var lease = await LeaseFile.AcquireAsync(
            Own.LockPath(id, "vibevoice.lease"),
            StaleAfter,
            timeProvider,
            () => Log.Waiting(logger, id),
            cancellationToken
        );
        if (care != InstallCare.Renew && FindIn(Own, id, files) is { } fetchedByOther)
        {
            return fetchedByOther;
        }

        using var client = CreateClient(_isDown ? 1 : HubRetry.UsualAttempts);
        var revision = await client.GetRevisionAsync(id, cancellationToken);
        var large = ChooseLarge(id, files, revision);
        var snapshot = Own.SnapshotFolder(id, revision.Commit);
        var download = new SnapshotDownload(client, Own, id, revision.Commit, terminal, timeProvider, logger);
        await download.RunAsync(files.ChooseSmall(revision.Files), cancellationToken);
        files.Check(snapshot);
        await download.RunAsync(large, cancellationToken);
        if (files.FindMissing(snapshot).Count > 0)
        {
            throw Unsuitable(id, files);
        }

        await Own.WriteRefAsync(id, revision.Commit, cancellationToken);
        Log.Fetched(logger, id, revision.Commit);
        return snapshot;
    }

    private static IReadOnlyList<string> ChooseLarge(HubId id, HubFileSet files, HubRevision revision) =>
        files.ChooseLarge(revision.Files) is { Count: > 0 } large ? large : throw Unsuitable(id, files);

    private static SpeechFailedException Unsuitable(HubId id, HubFileSet files) =>
        new(
            $"'{id}' has not the files on the hub that are expected: {files.Expectation}. Set MODEL_PATH to a repository that has "
                + "them."
        );

    /// <summary>Checks what is there against its checksums, and takes away what is not what its name says.</summary>
    private async Task<bool> IsSoundAsync(string snapshot, CancellationToken cancellationToken)
    {
        var isSound = true;
        foreach (var file in Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories))
        {
            if (File.ResolveLinkTarget(file, returnFinalTarget: true) is not { Exists: true } blob)
            {
                continue;
            }

            if (!await BlobHash.MatchesAsync(blob.FullName, cancellationToken))
            {
                Log.Damaged(logger, file);
                blob.Delete();
                isSound = false;
            }
        }

        return isSound;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "'{Id}' is in RunPod's cache: '{Folder}'.")]
        public static partial void FoundOnPlatform(ILogger logger, HubId id, string folder);

        [LoggerMessage(LogLevel.Information, "Another worker is fetching '{Id}'; waiting for it.")]
        public static partial void Waiting(ILogger logger, HubId id);

        [LoggerMessage(LogLevel.Information, "'{Id}' is here, at commit {Commit}.")]
        public static partial void Fetched(ILogger logger, HubId id, string commit);

        [LoggerMessage(
            LogLevel.Warning,
            "'{File}' is damaged: its checksum is not that of its name. It is fetched again."
        )]
        public static partial void Damaged(ILogger logger, string file);

        [LoggerMessage(LogLevel.Warning, "'{Id}' could not be renewed, and is used as it is. {Reason}")]
        public static partial void NotRenewed(ILogger logger, HubId id, string reason);
    }
}
