namespace VibeVoice.Checkpoints;

/// <summary>What one language model remembers of a voice's prompt.</summary>
/// <param name="Length">Positions, L.</param>
/// <param name="KeyValueHeads">Hkv.</param>
/// <param name="Keys">Per layer <c>[Hkv, L, Dh]</c>, contiguous, after rotation by position.</param>
/// <param name="Values">Per layer <c>[Hkv, L, Dh]</c>, contiguous.</param>
/// <param name="LastHiddenState"><c>[L, D]</c>.</param>
internal sealed record PresetCache(
    int Length,
    int KeyValueHeads,
    IReadOnlyList<ReadOnlyMemory<float>> Keys,
    IReadOnlyList<ReadOnlyMemory<float>> Values,
    ReadOnlyMemory<float> LastHiddenState
);
