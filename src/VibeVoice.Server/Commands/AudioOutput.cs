using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>
/// Where <c>speak</c> writes: a file that appears under its name only when it is whole, or a stream (standard output,
/// a device, a named pipe) that is written as it comes.
/// </summary>
internal sealed class AudioOutput : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly string? _finalPath;
    private readonly string? _partPath;

    private AudioOutput(string name, Stream stream, string? finalPath = null, string? partPath = null)
    {
        Name = name;
        _stream = stream;
        _finalPath = finalPath;
        _partPath = partPath;
    }

    public string Name { get; }

    public long Bytes { get; private set; }

    public bool HeadCanBeCompleted => _partPath is not null;

    /// <exception cref="JobRejectedException">Nothing can be written there.</exception>
    public static AudioOutput Open(string path)
    {
        if (path == "-")
        {
            return new AudioOutput("standard output", Console.OpenStandardOutput());
        }

        try
        {
            // A rename would replace a link, a device or a pipe, not write to it.
            var file = new FileInfo(path);
            var target = file.LinkTarget is null
                ? file.FullName
                : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
            if (Directory.Exists(target))
            {
                throw new JobRejectedException($"'{path}' is a folder, but --output must be a file.");
            }

            return IsStream(target) ? new AudioOutput(path, OpenStream(target)) : OpenFile(path, target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobRejectedException($"'{path}' cannot be written: {exception.Message}");
        }
    }

    /// <summary>Writes the whole file.</summary>
    /// <returns>False when the reader of a pipe closed it early.</returns>
    public async Task<bool> WriteAsync(EncodedAudio audio, CancellationToken cancellationToken)
    {
        await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
        {
            try
            {
                await _stream.WriteAsync(piece, cancellationToken);
            }
            catch (IOException) when (_partPath is null)
            {
                return false;
            }
            catch (IOException exception)
            {
                throw new SpeechFailedException($"'{Name}' cannot be written: {exception.Message}", exception);
            }

            Bytes += piece.Length;
        }

        if (_partPath is not null)
        {
            _stream.Position = 0;
            await _stream.WriteAsync(audio.CompletedHead, cancellationToken);
            await _stream.DisposeAsync();
            File.Move(_partPath, _finalPath!, overwrite: true);
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        if (_partPath is not null)
        {
            // Gone already when the file is whole: it was renamed.
            File.Delete(_partPath);
        }
    }

    private static bool IsStream(string path)
    {
        if (path.StartsWith("/dev/", StringComparison.Ordinal))
        {
            return true;
        }

        if (!File.Exists(path))
        {
            return false;
        }

        using var probe = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        return !probe.CanSeek;
    }

    private static FileStream OpenStream(string path) =>
        new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    private static AudioOutput OpenFile(string name, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var part = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.part");
        return new AudioOutput(name, new FileStream(part, FileMode.CreateNew, FileAccess.Write), path, part);
    }
}
