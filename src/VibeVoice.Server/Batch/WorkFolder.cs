using System.Security.Cryptography;
using System.Text.Json;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>
/// The folder of one batch: the manifest, the parts that were fetched, and a lease so that no second batch works in it.
/// Every change is on the disk before the next step relies on it. Thread-safe.
/// </summary>
internal sealed class WorkFolder : IAsyncDisposable
{
    /// <summary>Five beats of a lease.</summary>
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly LeaseFile _lease;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Dictionary<string, PartRecord> _parts;
    private readonly BatchManifest _manifest;

    private WorkFolder(string path, LeaseFile lease, BatchManifest manifest)
    {
        _path = path;
        _lease = lease;
        _manifest = manifest;
        _parts = new Dictionary<string, PartRecord>(manifest.Parts, StringComparer.Ordinal);
    }

    /// <summary>Opens a folder for a book, or makes it.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="wanted">What the command asks for, without parts.</param>
    /// <param name="isForced">Goes on with another book or other options; parts that stay the same are kept.</param>
    /// <param name="timeProvider">The clock of the lease.</param>
    /// <param name="cancellationToken">Ends the waiting for a lease whose holder may be dead.</param>
    /// <exception cref="JobRejectedException">It belongs to something else.</exception>
    /// <exception cref="SpeechFailedException">Another batch is at work in it, or it cannot be written.</exception>
    public static async Task<WorkFolder> OpenAsync(
        string path,
        BatchManifest wanted,
        bool isForced,
        TimeProvider timeProvider,
        CancellationToken cancellationToken
    )
    {
        try
        {
            Directory.CreateDirectory(path);
            var lease =
                await LeaseFile.TryAcquireAsync(
                    Path.Combine(path, "batch.lease"),
                    StaleAfter,
                    timeProvider,
                    cancellationToken
                )
                ?? throw new SpeechFailedException(
                    $"Another batch is at work in '{path}'. Wait for its end, or name another folder with '--work'."
                );
            try
            {
                Leftovers.Remove(path, timeProvider);
                var found = await ReadAsync(ManifestPath(path), isForced, cancellationToken);
                EnsureSame(path, found, wanted, isForced);
                return new WorkFolder(path, lease, wanted with { Parts = found?.Parts ?? wanted.Parts });
            }
            catch
            {
                await lease.DisposeAsync();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotBeWritten(path, exception);
        }
    }

    public PartRecord Get(BookPart part)
    {
        lock (_parts)
        {
            return _parts.GetValueOrDefault(part.Key) ?? PartRecord.New;
        }
    }

    public string PathOf(PartAudio audio) => Path.Combine(_path, audio.File);

    /// <summary>Remembers a part; it is on the disk when this returns.</summary>
    /// <exception cref="SpeechFailedException">It cannot be written.</exception>
    public async Task SetAsync(BookPart part, PartRecord record)
    {
        // Never cancelled: what has happened must be remembered.
        await _writing.WaitAsync(CancellationToken.None);
        try
        {
            byte[] json;
            lock (_parts)
            {
                _parts[part.Key] = record;
                json = ManifestJson.Write(_manifest with { Parts = _parts });
            }

            await WholeFile.WriteAsync(ManifestPath(_path), json, CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotBeWritten(_path, exception);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Writes the audio of a part, not yet to be trusted.</summary>
    /// <exception cref="SpeechFailedException">It cannot be written.</exception>
    public async Task WriteAsync(PartAudio audio, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await WholeFile.WriteAsync(PathOf(audio), bytes, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotBeWritten(_path, exception);
        }
    }

    /// <summary>Whether the file of a part is still what was fetched.</summary>
    public async Task<bool> IsIntactAsync(PartAudio audio, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(PathOf(audio));
            return file.Length == audio.Bytes
                && Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)) == audio.Sha256;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _lease.DisposeAsync();
        _writing.Dispose();
    }

    private static string ManifestPath(string folder) => Path.Combine(folder, "manifest.json");

    private static async Task<BatchManifest?> ReadAsync(string path, bool isForced, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var json = await File.ReadAllBytesAsync(path, cancellationToken);
            var manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.BatchManifest);
            if (manifest is { Version: BatchManifest.CurrentVersion })
            {
                return manifest;
            }
        }
        catch (JsonException)
        {
            // Told below; it was written whole, so a person has been at it.
        }

        return isForced
            ? null
            : throw new JobRejectedException(
                $"'{path}' is no manifest of this version; '--force' starts anew, '--work' names another folder."
            );
    }

    private static void EnsureSame(string path, BatchManifest? found, BatchManifest wanted, bool isForced)
    {
        var differences = found is null || isForced ? [] : found.DifferencesTo(wanted).ToList();
        if (differences.Count > 0)
        {
            throw new JobRejectedException(
                $"'{path}' was begun for something else: {string.Join("; ", differences)}. '--force' goes on there, and keeps "
                    + "every part whose text and options are the same; '--work' names another folder."
            );
        }
    }

    private static SpeechFailedException CannotBeWritten(string path, Exception exception) =>
        new($"The work folder '{path}' cannot be written: {exception.Message}", exception);
}
