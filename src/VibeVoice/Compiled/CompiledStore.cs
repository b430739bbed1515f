using System.Globalization;

namespace VibeVoice.Compiled;

/// <summary>Compiled weights: made once, then mapped by every start, in whatever process.</summary>
/// <remarks>See docs/decisions/0011-compiled-cache.md.</remarks>
internal sealed class CompiledStore
{
    /// <summary>Longer than any machine should take; one that takes longer is not waited for, which costs work alone.</summary>
    private static readonly TimeSpan UsualPatience = TimeSpan.FromMinutes(2);

    /// <summary>Of makers that took each other for dead, one comes through; this many would be a fault of the volume.</summary>
    private const int Attempts = 3;

    private readonly string _folder;
    private readonly CompiledKey _key;
    private readonly IReadOnlyList<CompiledTensor> _tensors;
    private readonly Action<string> _log;
    private readonly TimeProvider _timeProvider;
    private readonly CompiledHousekeeping _housekeeping;
    private readonly string _path;

    private CompiledStore(
        string folder,
        CompiledKey key,
        IReadOnlyList<CompiledTensor> tensors,
        Action<string>? log,
        TimeProvider timeProvider
    )
    {
        _folder = Path.GetFullPath(folder);
        _key = key;
        _tensors = tensors;
        _log = log ?? (_ => { });
        _timeProvider = timeProvider;
        _housekeeping = new CompiledHousekeeping(_folder, timeProvider);
        _path = Path.Combine(_folder, key.FileName);
    }

    /// <summary>Maps the weights of a key, or makes them first.</summary>
    /// <param name="folder">Where they are kept, made if need be; null for memory of their own.</param>
    /// <param name="key">What they are.</param>
    /// <param name="tensors">What they are made of; of a file that is there, only names and sizes are compared.</param>
    /// <param name="log">Told in a sentence of what takes long, and of what was found amiss.</param>
    /// <param name="cancellationToken">Stops between two tensors, and leaves nothing behind.</param>
    /// <returns>The weights, to be disposed.</returns>
    /// <exception cref="IOException">There is no room for them; how much is needed is said. Nothing is left behind.</exception>
    public static CompiledWeights Open(
        string? folder,
        CompiledKey key,
        IReadOnlyList<CompiledTensor> tensors,
        Action<string>? log,
        CancellationToken cancellationToken
    ) => Open(folder, key, tensors, log, TimeProvider.System, UsualPatience, cancellationToken);

    /// <param name="patience">How long another process that makes the same is waited for.</param>
    internal static CompiledWeights Open(
        string? folder,
        CompiledKey key,
        IReadOnlyList<CompiledTensor> tensors,
        Action<string>? log,
        TimeProvider timeProvider,
        TimeSpan patience,
        CancellationToken cancellationToken
    )
    {
        CompiledTensor.Check(tensors);
        if (folder is null)
        {
            return CompiledWeights.Make(tensors, cancellationToken);
        }

        var store = new CompiledStore(folder, key, tensors, log, timeProvider);
        return store.Find(store._log) ?? store.Make(patience, cancellationToken);
    }

    /// <summary>The file where it is there and whole; null where it must be made, and why is told.</summary>
    private CompiledWeights? Find(Action<string> log)
    {
        try
        {
            var file = CompiledFile.Open(_path);
            if (file.Table.Key == _key.Text && file.Table.Fits(_tensors))
            {
                _housekeeping.MarkUsed(_path);
                return CompiledWeights.Of(file);
            }

            file.Dispose();
            log($"'{_path}' is of other weights than its name says, and is made again.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // The usual reason, of which Make tells.
        }
        catch (Exception exception)
            when (exception is ModelFormatException or IOException or UnauthorizedAccessException)
        {
            log($"The compiled weights are made again: {exception.Message}");
        }

        return null;
    }

    private CompiledWeights Make(TimeSpan patience, CancellationToken cancellationToken)
    {
        CompiledWeights? found = null;
        using var turn = Begin(patience, () => (found = Find(_ => { })) is not null, cancellationToken);
        if (turn is null)
        {
            return CompiledWeights.Make(_tensors, cancellationToken);
        }

        // Whoever was waited for may have published it between the last look and the end of its lock.
        if ((found ?? Find(_ => { })) is { } published)
        {
            return published;
        }

        _housekeeping.Tidy(_key.FileName, turn.IsHeld);
        var start = _timeProvider.GetTimestamp();
        _log(WhyMade());
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var isPublished = CompiledWriter.Write(_path, _key, _tensors, cancellationToken);
            if (Find(isPublished ? _log : _ => { }) is { } made)
            {
                var seconds = _timeProvider.GetElapsedTime(start).TotalSeconds;
                _log(string.Create(CultureInfo.InvariantCulture, $"The weights were compiled in {seconds:0.0} s."));
                return made;
            }
        }

        throw new IOException(
            $"'{_path}' was written {Attempts} times and is not there, or not what was written. See whether the disk is sound, and "
                + "what else writes into that folder; or choose another folder."
        );
    }

    /// <summary>Makes the folder and takes the lock; null where the folder cannot be written.</summary>
    private MakerLock? Begin(TimeSpan patience, Func<bool> isDone, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(_folder);
            return MakerLock.Acquire(
                Path.Combine(_folder, CompiledNames.Lock(_key.FileName)),
                patience,
                _timeProvider,
                () => _log($"Another process compiles the weights into '{_path}'; waiting for it."),
                isDone,
                cancellationToken
            );
        }
        catch (Exception exception) when (IsReadOnly(exception))
        {
            // A volume that nobody can write is a fair way to serve; each start then pays for itself.
            _log(
                $"'{_folder}' cannot be written, so that the weights are compiled into memory at every start: {exception.Message}"
            );
            return null;
        }
    }

    private static bool IsReadOnly(Exception exception)
    {
        const int readOnlyFileSystem = 30;
        return exception is UnauthorizedAccessException or IOException { HResult: readOnlyFileSystem };
    }

    private string WhyMade()
    {
        var isOther = Directory
            .EnumerateFiles(_folder)
            .Select(path => Path.GetFileName(path))
            .Any(name =>
                CompiledNames.IsCompiled(name)
                && name != _key.FileName
                && name.StartsWith($"{_key.Model}-", StringComparison.Ordinal)
            );
        return isOther
            ? $"What was compiled of '{_key.Model}' before is of another version, precision or checkpoint; it is compiled anew into '{_path}'."
            : $"The weights are compiled into '{_path}', once: later starts map them.";
    }
}
