namespace VibeVoice.Server.Models.Voices;

/// <summary>Reads another stream until it has given too much: a few kilobytes can unpack into a disk full.</summary>
/// <param name="source">Disposed with this.</param>
/// <param name="maximumBytes">One more is an <see cref="InvalidDataException"/>.</param>
internal sealed class LimitedStream(Stream source, long maximumBytes) : Stream
{
    private long _count;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _count;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Count(source.Read(buffer, offset, count));

    public override int Read(Span<byte> buffer) => Count(source.Read(buffer));

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer,
        CancellationToken cancellationToken = default
    ) => Count(await source.ReadAsync(buffer, cancellationToken));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Count(int read)
    {
        _count += read;
        return _count <= maximumBytes
            ? read
            : throw new InvalidDataException(
                $"It holds more than the {maximumBytes:N0} bytes that are expected at most."
            );
    }
}
