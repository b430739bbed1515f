namespace VibeVoice;

/// <summary>What became of one chunk of a long text.</summary>
/// <param name="FramesSpoken">Frames of speech that were handed out.</param>
/// <param name="TokensRead">Tokens that the model has read.</param>
/// <param name="EndReason">
/// Why it has no more frames. Where a limit came first, the next chunk goes on at the first sentence that was not read
/// whole; a text that was read to its end is taken as spoken.
/// </param>
/// <param name="EndedBeforeText">Whether some of its text was not read, and no later chunk took it up.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record SpokenChunk(int FramesSpoken, int TokensRead, SpeechEndReason EndReason, bool EndedBeforeText);
