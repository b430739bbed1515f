using System.Buffers.Binary;
using VibeVoice.Checkpoints;

namespace VibeVoice;

/// <summary>RIFF wave files of 16-bit mono samples: what every player opens.</summary>
/// <remarks>Thread-safe: it holds no state, and nothing to dispose.</remarks>
public static class WavFile
{
    /// <summary>Bytes before the first sample.</summary>
    public const int HeadBytes = 44;

    // What readers of streams take for "until the end".
    private const uint UnknownSize = uint.MaxValue;

    /// <summary>Writes a speech while it is being made. The file appears under its name only when it is whole.</summary>
    /// <param name="path">Replaced where it exists; its folder is made.</param>
    /// <param name="frames">The frames, all of one sample rate; read to their end.</param>
    /// <param name="cancellationToken">Stops within one frame, and leaves no file.</param>
    /// <returns>When the file is there.</returns>
    /// <exception cref="ArgumentException">There are no frames, so nothing to hear, or their sample rates differ.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static async Task WriteAsync(
        string path,
        IAsyncEnumerable<AudioFrame> frames,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(frames);
        using var file = new AtomicFile(path);
        var rate = 0;
        var dataBytes = 0L;
        var bytes = Array.Empty<byte>();
        file.Stream.Position = HeadBytes;
        await foreach (var frame in frames.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (rate != 0 && rate != frame.SampleRateHz)
            {
                throw new ArgumentException(
                    $"A frame has {frame.SampleRateHz} samples a second, but those before it have {rate}; a file has one rate.",
                    nameof(frames)
                );
            }

            rate = frame.SampleRateHz;
            var frameBytes = frame.Samples.Length * Pcm16.SampleBytes;
            if (bytes.Length < frameBytes)
            {
                bytes = new byte[frameBytes];
            }

            Pcm16.Convert(frame.Samples.Span, bytes);
            await file.Stream.WriteAsync(bytes.AsMemory(0, frameBytes), cancellationToken).ConfigureAwait(false);
            dataBytes += frameBytes;
        }

        if (rate == 0)
        {
            throw new ArgumentException(
                $"There are no frames to write to '{path}'; text of nothing but white space gives none.",
                nameof(frames)
            );
        }

        file.Stream.Position = 0;
        await file.Stream.WriteAsync(Head(rate, dataBytes), cancellationToken).ConfigureAwait(false);
        file.Publish();
    }

    /// <summary>What stands before the samples.</summary>
    /// <param name="sampleRateHz">Samples per second.</param>
    /// <param name="dataBytes">
    /// Bytes of all samples; null while they are still being made, which readers of streams take for "until the end", and so
    /// does more than the format can count.
    /// </param>
    /// <param name="bytesAfter">Bytes of the chunks that follow the samples.</param>
    /// <returns><see cref="HeadBytes"/> bytes.</returns>
    public static byte[] Head(int sampleRateHz, long? dataBytes = null, int bytesAfter = 0)
    {
        var riffBytes = HeadBytes - 8 + dataBytes + bytesAfter;
        var isKnown = riffBytes < UnknownSize;
        var head = new byte[HeadBytes];
        "RIFF"u8.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), isKnown ? (uint)riffBytes!.Value : UnknownSize);
        "WAVEfmt "u8.CopyTo(head.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(16), 16); // bytes of the format chunk
        BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(20), 1); // integer samples
        BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(22), 1); // channels
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(24), sampleRateHz);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(28), sampleRateHz * Pcm16.SampleBytes); // bytes a second
        BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(32), Pcm16.SampleBytes); // bytes a sample of all channels
        BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(34), 8 * Pcm16.SampleBytes); // bits a sample
        "data"u8.CopyTo(head.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(40), isKnown ? (uint)dataBytes!.Value : UnknownSize);
        return head;
    }
}
