using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using TextEncoding = System.Text.Encoding;

namespace VibeVoice.Server.Encoding;

/// <summary>A RIFF wave file of 16-bit mono samples, written before its length is known.</summary>
internal static class WavPieces
{
    /// <summary>Head, samples and, where the head can be completed, a LIST chunk that says who made the audio.</summary>
    /// <param name="samples">16-bit little-endian samples, cut anywhere.</param>
    /// <param name="request">Sample rate, tag, and whether the head can be completed.</param>
    /// <param name="complete">Gets the true head after the last piece, where it can be completed.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> samples,
        EncodingRequest request,
        Action<ReadOnlyMemory<byte>> complete,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var dataBytes = 0L;
        await foreach (var piece in samples.WithCancellation(cancellationToken))
        {
            // Not before there is sound: a failure until then can still be answered as one.
            if (dataBytes == 0)
            {
                yield return WavFile.Head(request.SampleRateHz);
            }

            dataBytes += piece.Length;
            yield return piece;
        }

        if (!request.HeadCanBeCompleted)
        {
            yield break;
        }

        // A chunk after samples of unknown size would be heard as a click, so only completed files get it.
        var tag = Tag(request);
        yield return tag;

        complete(WavFile.Head(request.SampleRateHz, dataBytes, tag.Length));
    }

    private static byte[] Tag(EncodingRequest request)
    {
        var info = new MemoryStream();
        info.Write("INFO"u8);
        WriteChunk(info, "ICMT", TextEncoding.UTF8.GetBytes(request.AiComment + '\0'));
        WriteChunk(info, "ISFT", TextEncoding.UTF8.GetBytes(request.GeneratedBy + '\0'));

        var list = new MemoryStream();
        WriteChunk(list, "LIST", info.ToArray());
        return list.ToArray();
    }

    private static void WriteChunk(MemoryStream target, string name, byte[] content)
    {
        var size = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, content.Length);
        target.Write(TextEncoding.ASCII.GetBytes(name));
        target.Write(size);
        target.Write(content);
        if (content.Length % 2 == 1)
        {
            target.WriteByte(0); // chunks begin at even places; the size does not count the filler
        }
    }
}
