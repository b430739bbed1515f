namespace VibeVoice.Text.Chunks;

/// <summary>The smallest piece that chunks are made of: a word, with the space before it and the marks after it.</summary>
/// <param name="Before">How good a place to end a chunk lies before it.</param>
/// <param name="Text">Joined, the atoms are the text.</param>
internal readonly record struct Atom(ChunkBoundary Before, string Text);
