using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace VibeVoice.Checkpoints;

/// <summary>Writes safetensors files of any size in little memory; the file appears when it is whole.</summary>
internal static class SafetensorsWriter
{
    private const int ChunkBytes = 8 * 1024 * 1024;
    private const int PieceBytes = 256 * 1024;

    public static void Write(
        string path,
        IReadOnlyList<TensorSource> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default
    ) =>
        AtomicFile.Write(
            path,
            stream => Write(stream, tensors, metadata ?? new Dictionary<string, string>(), progress, cancellationToken)
        );

    private static void Write(
        Stream stream,
        IReadOnlyList<TensorSource> tensors,
        IReadOnlyDictionary<string, string> metadata,
        IProgress<double>? progress,
        CancellationToken cancellationToken
    )
    {
        stream.Write(MakeHeader(tensors, metadata));
        var chunk = new byte[ChunkBytes];
        var total = tensors.Sum(tensor => tensor.ElementCount * tensor.Dtype.Size());
        var written = 0L;
        foreach (var tensor in tensors)
        {
            var size = tensor.Dtype.Size();
            var remaining = tensor.ElementCount * size;
            for (var start = 0L; remaining > 0; start += ChunkBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = (int)Math.Min(remaining, ChunkBytes);
                var firstElement = start / size;
                Parallel.For(
                    0,
                    (count + PieceBytes - 1) / PieceBytes,
                    piece =>
                    {
                        var offset = piece * PieceBytes;
                        var destination = chunk.AsSpan(offset, Math.Min(PieceBytes, count - offset));
                        tensor.Fill(firstElement + (offset / size), destination);
                    }
                );
                stream.Write(chunk, 0, count);
                remaining -= count;
                written += count;
                progress?.Report((double)written / total);
            }
        }
    }

    // Padded with spaces, so that the elements begin at a multiple of eight.
    private static byte[] MakeHeader(IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata)
            {
                writer.WriteString(key, value);
            }

            writer.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", tensor.Dtype.Name());
                WriteNumbers(writer, "shape", tensor.Shape);
                var end = offset + (tensor.ElementCount * tensor.Dtype.Size());
                WriteNumbers(writer, "data_offsets", [offset, end]);
                writer.WriteEndObject();
                offset = end;
            }

            writer.WriteEndObject();
        }

        var padded = (json.WrittenCount + 7) / 8 * 8;
        var header = new byte[8 + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        header.AsSpan(8).Fill((byte)' ');
        json.WrittenSpan.CopyTo(header.AsSpan(8));
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, ReadOnlySpan<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}
