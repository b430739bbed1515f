using System.Buffers;

namespace VibeVoice.Server.Delivery;

/// <summary>A whole file in memory, up to what an answer can carry.</summary>
internal sealed class AudioCollector(long maxBytes)
{
    private ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Bytes offered so far, taken or not.</summary>
    public long Bytes { get; private set; }

    public bool Fits => Bytes <= maxBytes;

    /// <summary>Takes a piece; once the file is too large everything is let go.</summary>
    public void Add(ReadOnlySpan<byte> piece)
    {
        Bytes += piece.Length;
        if (Fits)
        {
            _bytes.Write(piece);
        }
        else if (_bytes.Capacity > 0)
        {
            _bytes = new ArrayBufferWriter<byte>();
        }
    }

    /// <summary>The file as base64.</summary>
    /// <param name="completedHead">What belongs in place of the first bytes.</param>
    public string ToBase64(ReadOnlySpan<byte> completedHead)
    {
        // Base64 of the head and of the rest would only join at multiples of three bytes: patch a copy instead.
        var bytes = completedHead.IsEmpty ? _bytes.WrittenSpan : Patched(completedHead);
        return Convert.ToBase64String(bytes);
    }

    private byte[] Patched(ReadOnlySpan<byte> completedHead)
    {
        var bytes = _bytes.WrittenSpan.ToArray();
        completedHead.CopyTo(bytes);
        return bytes;
    }
}
