namespace VibeVoice.Server.Delivery;

/// <summary>The bytes of one part, up to a capacity; memory grows with what comes, since most files are small.</summary>
internal sealed class PartBuffer(int capacity)
{
    private byte[] _bytes = [];

    public int Length { get; private set; }

    public bool IsFull => Length == capacity;

    /// <summary>Takes what fits and returns the rest.</summary>
    public ReadOnlyMemory<byte> Fill(ReadOnlyMemory<byte> piece)
    {
        var taken = Math.Min(piece.Length, capacity - Length);
        if (Length + taken > _bytes.Length)
        {
            Array.Resize(
                ref _bytes,
                Math.Min(capacity, Math.Max(Length + taken, Math.Max(64 * 1024, 2 * _bytes.Length)))
            );
        }

        piece.Span[..taken].CopyTo(_bytes.AsSpan(Length));
        Length += taken;
        return piece[taken..];
    }

    /// <summary>Replaces the first bytes.</summary>
    public void Patch(ReadOnlyMemory<byte> head)
    {
        if (head.Length > Length)
        {
            throw new InvalidOperationException(
                $"The completed head has {head.Length} bytes, but the first part only {Length}."
            );
        }

        head.Span.CopyTo(_bytes);
    }

    public void Clear() => Length = 0;

    /// <summary>A new stream over the bytes; valid until the buffer is changed.</summary>
    public MemoryStream OpenRead() => new(_bytes, 0, Length, writable: false);
}
