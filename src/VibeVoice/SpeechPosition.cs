namespace VibeVoice;

/// <summary>
/// A place between two chunks at which a speech can be taken up again, by another process if need be: what is spoken from
/// there is what the whole speech has there.
/// </summary>
/// <param name="Chunks">Chunks that lie before it, with the silence after each of them.</param>
/// <param name="FramesComputed">Frames that were computed before it, from which the noise of the next ones follows.</param>
/// <param name="TokensRead">Tokens of the text that were read before it.</param>
/// <param name="IsAfterSound">Whether anything is heard before it, so that what follows begins with a fade.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record SpeechPosition(int Chunks, int FramesComputed, int TokensRead, bool IsAfterSound);
