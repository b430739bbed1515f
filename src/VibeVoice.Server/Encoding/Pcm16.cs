using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace VibeVoice.Server.Encoding;

/// <summary>Signed 16-bit little-endian samples, the same numbers that ffmpeg would make of the floats.</summary>
internal static class Pcm16
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
                    var now = rest[..Math.Min(rest.Length, BufferBytes / sizeof(short))];
                    Convert(now.Span, buffer);
                    yield return buffer.AsMemory(0, now.Length * sizeof(short));
                    rest = rest[now.Length..];
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Rounds to the nearest step and clamps to the range; what is not a number becomes silence.</summary>
    public static void Convert(ReadOnlySpan<float> samples, Span<byte> destination)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            var value = Math.Clamp(MathF.Round(samples[i] * 32768f), short.MinValue, short.MaxValue);
            BinaryPrimitives.WriteInt16LittleEndian(destination[(i * sizeof(short))..], (short)value);
        }
    }
}
