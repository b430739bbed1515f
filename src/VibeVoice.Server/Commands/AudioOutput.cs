using Microsoft.Win32.SafeHandles;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>
/// Where <c>speak</c> writes: a file that appears under its name only when it is whole, or a stream (standard output,
/// a device, a named pipe) that is written as it comes.
/// </summary>
internal sealed class AudioOutput : IAsyncDisposable
{
    private const int StandardOutput = 1;

    /// <summary>EPIPE: nobody reads the pipe any more.</summary>
    private const int BrokenPipe = 32;

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

    public bool HeadCanBeCompleted => IsFile;

    /// <summary>Whether it is a file that appears when it is whole, and not a stream.</summary>
    public bool IsFile => _partPath is not null;

    /// <exception cref="JobRejectedException">Nothing can be written there.</exception>
    public static async Task<AudioOutput> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (path.Length == 0)
        {
            throw new JobRejectedException("'--output' is empty, but must be a file, or '-' for standard output.");
        }

        try
        {
            return await OpenAnyAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobRejectedException($"'{path}' cannot be written: {exception.Message}");
        }
    }

    /// <summary>Writes the whole file.</summary>
    /// <returns>False when the reader of a pipe closed it early.</returns>
    /// <exception cref="SpeechFailedException">The disk is full, for one.</exception>
    public async Task<bool> WriteAsync(EncodedAudio audio, CancellationToken cancellationToken)
    {
        await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
        {
            try
            {
                // A pipe that nobody empties blocks the writing; the waiting for it can still be cancelled.
                await _stream.WriteAsync(piece, cancellationToken).AsTask().WaitAsync(cancellationToken);
            }
            catch (IOException exception) when (exception.HResult == BrokenPipe)
            {
                return false;
            }
            catch (IOException exception)
            {
                throw CannotBeWritten(exception);
            }

            Bytes += piece.Length;
        }

        if (_partPath is not null)
        {
            await PublishAsync(_partPath, audio.CompletedHead, cancellationToken);
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

    private async Task PublishAsync(string partPath, ReadOnlyMemory<byte> head, CancellationToken cancellationToken)
    {
        try
        {
            _stream.Position = 0;
            await _stream.WriteAsync(head, cancellationToken);
            await _stream.DisposeAsync();
            File.Move(partPath, _finalPath!, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotBeWritten(exception);
        }
    }

    private SpeechFailedException CannotBeWritten(Exception exception)
    {
        // The system's words end in the name of the part, which its user never heard of.
        var name = (_stream as FileStream)?.Name;
        var reason = exception.Message.Replace($" : '{name}'", "", StringComparison.Ordinal);
        return new SpeechFailedException($"'{Name}' cannot be written: {reason}", exception);
    }

    private static async Task<AudioOutput> OpenAnyAsync(string path, CancellationToken cancellationToken)
    {
        if (path == "-")
        {
            // Not the console's stream, which hides that the reader has gone.
            var handle = new SafeFileHandle(StandardOutput, ownsHandle: false);
            return new AudioOutput("standard output", new FileStream(handle, FileAccess.Write, bufferSize: 0));
        }

        // A rename would replace a link, a device or a pipe, not write to it.
        var file = new FileInfo(path);
        var isLink = !OutputFile.IsDevice(path) && file.LinkTarget is not null;
        var target = isLink ? file.ResolveLinkTarget(returnFinalTarget: true)!.FullName : file.FullName;
        OutputFile.ThrowIfFolder(path, target);

        if (File.Exists(target))
        {
            // Opened once: a named pipe's reader would take a first closing for the end. Opening waits for that reader.
            var opened = await Task.Run(() => OpenExisting(target), cancellationToken).WaitAsync(cancellationToken);
            if (OutputFile.IsDevice(target) || !opened.CanSeek)
            {
                return new AudioOutput(path, opened);
            }

            await opened.DisposeAsync();
        }

        return OpenPart(path, target);
    }

    private static FileStream OpenExisting(string path) =>
        new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    private static AudioOutput OpenPart(string name, string path)
    {
        var folder = OutputFile.FolderOf(name, path);
        var part = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.part");
        var stream = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        if (!OperatingSystem.IsWindows() && File.Exists(path))
        {
            // What was private stays private.
            File.SetUnixFileMode(part, File.GetUnixFileMode(path));
        }

        return new AudioOutput(name, stream, path, part);
    }
}
