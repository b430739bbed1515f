namespace VibeVoice.Server.Encoding;

/// <summary>One encoded file while it is being made. Read it once, by one reader.</summary>
/// <param name="pieces">The file's bytes in order; each piece is valid until the next is asked for.</param>
internal sealed class EncodedAudio(IAsyncEnumerable<ReadOnlyMemory<byte>> pieces)
{
    /// <summary>The file's bytes in order; each piece is valid until the next is asked for.</summary>
    /// <remarks>A failure of the synthesizer or of the encoder is thrown by the enumerator.</remarks>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces { get; } = pieces;

    /// <summary>
    /// After the last piece: what belongs in place of the file's first bytes, of the same length. Empty where the
    /// beginning was already right or <see cref="EncodingRequest.HeadCanBeCompleted"/> was not set.
    /// </summary>
    public ReadOnlyMemory<byte> CompletedHead { get; set; }
}
