using System.IO.MemoryMappedFiles;

namespace VibeVoice.Checkpoints;

/// <summary>A whole file as memory, so that weights are read from the page cache and never held twice.</summary>
/// <remarks>
/// Safe to share between threads until disposed. A file that someone shortens while it is mapped kills the process
/// (SIGBUS): files of models are replaced by rename, never written in place.
/// </remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _start;
    private bool _disposed;

    public MappedFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        Length = stream.Length;
        if (Length == 0)
        {
            return; // an empty file cannot be mapped
        }

        _file = MemoryMappedFile.CreateFromFile(
            stream,
            mapName: null,
            capacity: 0,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen: false
        );
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }

    public long Length { get; }

    /// <summary>Bytes of the file; they must not be used after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span(long offset, int length) => new(Address(offset, length), length);

    /// <summary>Where bytes of the file begin; they must not be used after <see cref="Dispose"/>.</summary>
    public byte* Address(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return _start + offset;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _file?.Dispose();
    }
}
