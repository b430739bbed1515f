namespace VibeVoice.Native;

/// <summary>One row of a batch, as attention sees it.</summary>
/// <param name="Cache">Of its sequence.</param>
/// <param name="Position">Its own; it sees those up to it.</param>
internal readonly record struct AttentionRow(StreamCache Cache, int Position);
