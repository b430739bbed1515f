using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace VibeVoice.Server.Encoding;

/// <summary>
/// The first bytes of a flac file. ffmpeg cannot go back in a pipe, so it leaves the number of samples open, and players
/// then show no duration; once all samples are counted it can be filled in. (RFC 9639, section 8.2.)
/// </summary>
internal static class FlacHead
{
    /// <summary>Marker (4), block header (4), stream information (34).</summary>
    private const int HeadBytes = 42;

    /// <summary>The low half of a byte and the four after it hold the number of samples: 36 bits.</summary>
    private const int TotalOffset = 21;

    private const long MaxTotal = (1L << 36) - 1;

    /// <summary>Hands the file on as it is, and its head with the number of samples after the last piece.</summary>
    /// <param name="samples">Asked after the last piece.</param>
    /// <param name="complete">Gets the true head.</param>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pieces,
        Func<long> samples,
        Action<ReadOnlyMemory<byte>> complete,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var head = new byte[HeadBytes];
        var kept = 0;
        await foreach (var piece in pieces.WithCancellation(cancellationToken))
        {
            var wanted = Math.Min(piece.Length, HeadBytes - kept);
            piece.Span[..wanted].CopyTo(head.AsSpan(kept));
            kept += wanted;
            yield return piece;
        }

        if (kept == HeadBytes && head.AsSpan().StartsWith("fLaC"u8) && samples() is var total and <= MaxTotal)
        {
            head[TotalOffset] = (byte)((head[TotalOffset] & 0xF0) | (int)(total >> 32));
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(TotalOffset + 1), (uint)total);
            complete(head);
        }
    }
}
