using System.Runtime.CompilerServices;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>Files that are made piece by piece, as an encoder would.</summary>
internal static class TestAudio
{
    public const int MegaBytes = 1_000_000;

    public static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    public static DeliveryRequest Request(AudioFormat? format = null, string jobId = "job-1") =>
        new(
            jobId,
            format ?? AudioFormat.Mp3,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["ai-generated"] = "true" }
        );

    /// <summary>A file in pieces; each is valid only until the next is asked for, as the contract says.</summary>
    public static EncodedAudio Of(byte[] bytes, int pieceLength = 70_001) => new(PiecesAsync(bytes, pieceLength));

    /// <summary>A file whose head is known at the end; <paramref name="bytes"/> is what it must come to.</summary>
    public static EncodedAudio WithLateHead(byte[] bytes, int headLength)
    {
        var early = (byte[])bytes.Clone();
        early.AsSpan(0, headLength).Fill(0xFF);
        EncodedAudio? audio = null;
        audio = new EncodedAudio(
            AfterAsync(
                PiecesAsync(early, 70_001),
                () =>
                {
                    audio!.CompletedHead = bytes.AsMemory(0, headLength);
                    return Task.CompletedTask;
                }
            )
        );
        return audio;
    }

    /// <summary>A file after whose bytes something happens: an exception, a wait.</summary>
    public static EncodedAudio Then(byte[] bytes, Func<Task> action) =>
        new(AfterAsync(PiecesAsync(bytes, 70_001), action));

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        byte[] bytes,
        int pieceLength,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var piece = new byte[pieceLength];
        for (var start = 0; start < bytes.Length; start += pieceLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
            var length = Math.Min(pieceLength, bytes.Length - start);
            bytes.AsSpan(start, length).CopyTo(piece);
            yield return piece.AsMemory(0, length);
            Array.Clear(piece);
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> AfterAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pieces,
        Func<Task> action,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        await foreach (var piece in pieces.WithCancellation(cancellationToken))
        {
            yield return piece;
        }

        await action();
    }
}
