using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>Causal grouped-query attention with rotary positions and a key/value cache per sequence.</summary>
internal sealed class SelfAttention(string path, int layer, LanguageConfig config, AttentionKernel kernel)
{
    private readonly long _queryWidth = (long)config.QueryHeads * config.HeadSize;
    private readonly long _keyWidth = (long)config.KeyValueHeads * config.HeadSize;

    /// <param name="x"><c>[B, T, D]</c>, one row of B per sequence.</param>
    /// <returns><c>[B, T, D]</c>.</returns>
    public Value Forward(GraphBuilder g, Value x, IReadOnlyList<AttentionSequence> sequences)
    {
        using var module = g.Enter("self_attn");
        var queries = g.Split(Project(g, x, "q_proj", _queryWidth, hasBias: true), 0, sequences.Count);
        var keys = g.Split(Project(g, x, "k_proj", _keyWidth, hasBias: true), 0, sequences.Count);
        var values = g.Split(Project(g, x, "v_proj", _keyWidth, hasBias: true), 0, sequences.Count);
        var attended = sequences.Select((sequence, i) => Attend(g, sequence, queries[i], keys[i], values[i]));
        return new Linear($"{path}.o_proj", _queryWidth, config.HiddenSize, hasBias: false).Forward(
            g,
            g.Concatenate(0, [.. attended])
        );
    }

    private Value Project(GraphBuilder g, Value x, string name, long width, bool hasBias) =>
        new Linear($"{path}.{name}", config.HiddenSize, width, hasBias).Forward(g, x);

    private Value Attend(GraphBuilder g, AttentionSequence sequence, Value query, Value key, Value value)
    {
        var tables = kernel == AttentionKernel.Fused ? g.Compute : TensorType.Float32; // the node takes one type for all
        var inputs = new GroupQueryInputs(
            query, // [1, T, H·Dh]
            key, // [1, T, Hkv·Dh]
            value,
            sequence.Past(g, layer, "key"), // [1, Hkv, capacity, Dh]
            sequence.Past(g, layer, "value"),
            sequence.FirstPosition,
            sequence.LastPosition,
            sequence.TotalLength,
            g.Weight(RotaryTables.Cosines(config) with { Type = tables }),
            g.Weight(RotaryTables.Sines(config) with { Type = tables })
        );
        var (attended, keys, values) =
            kernel == AttentionKernel.Fused
                ? g.GroupQueryAttention(inputs, config.QueryHeads, config.KeyValueHeads)
                : PlainAttention.Forward(g, inputs, config);
        sequence.Present(g, layer, "key", keys);
        sequence.Present(g, layer, "value", values);
        return attended; // [1, T, H·Dh]
    }
}

/// <summary>What computes attention.</summary>
internal enum AttentionKernel
{
    /// <summary>One node of ONNX Runtime's own, which reads no more of a cache than is filled.</summary>
    Fused,

    /// <summary>Plain operations, for head sizes that the node does not take.</summary>
    Plain,
}

/// <summary>The one place where a kernel is chosen.</summary>
internal static class AttentionKernels
{
    // The node rotates in vectors of 16 and refuses other head sizes. On CUDA it has no float32.
    private const int FusedHeadSizeUnit = 16;

    public static AttentionKernel For(LanguageConfig config, ModelPrecision precision, bool isOnHost) =>
        config.HeadSize % FusedHeadSizeUnit == 0 && (isOnHost || precision == ModelPrecision.Float16)
            ? AttentionKernel.Fused
            : AttentionKernel.Plain;
}
