using System.Buffers;
using System.Runtime.CompilerServices;

namespace VibeVoice.Server.Encoding;

/// <summary>The samples of a stream of frames, as 16-bit little-endian bytes.</summary>
internal static class PcmPieces
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>The samples of all frames; each piece is valid until the next is asked for.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        IAsyncEnumerable<AudioFrame> frames,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await foreach (var frame in frames.WithCancellation(cancellationToken))
            {
                for (var rest = frame.Samples; !rest.IsEmpty; )
                {
                    var now = rest[..Math.Min(rest.Length, BufferBytes / Pcm16.SampleBytes)];
                    Pcm16.Convert(now.Span, buffer);
                    yield return buffer.AsMemory(0, now.Length * Pcm16.SampleBytes);
                    rest = rest[now.Length..];
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
