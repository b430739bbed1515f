using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>What <c>GroupQueryAttention</c> computes, in plain operations, in float32 and for any even head size.</summary>
/// <remarks>One copy of the filled part of a cache per run more than the fused node makes.</remarks>
internal static class PlainAttention
{
    private const float Masked = -1e30f; // not −∞: every row sees at least itself, so only its weight must vanish

    public static (Value Attended, Value Keys, Value Values) Forward(
        GraphBuilder g,
        GroupQueryInputs inputs,
        LanguageConfig config
    )
    {
        using var module = g.Enter("attention");
        var (heads, keyHeads, width) = (config.QueryHeads, config.KeyValueHeads, config.HeadSize);
        var total = g.ToInt64(inputs.TotalLength);
        var positions = g.Range(g.ToInt64(inputs.FirstPosition), total); // [T]
        var cosines = g.Gather(inputs.Cosines, positions); // [T, Dh / 2]
        var sines = g.Gather(inputs.Sines, positions);

        var query = Rotate(g, SplitHeads(g, inputs.Query, heads, width), cosines, sines); // [1, H, T, Dh]
        var key = Rotate(g, SplitHeads(g, inputs.Key, keyHeads, width), cosines, sines); // [1, Hkv, T, Dh]
        var value = SplitHeads(g, inputs.Value, keyHeads, width);
        var places = g.Add(g.Reshape(positions, 1, 1, -1, 1), g.Zeros(1, keyHeads, 1, width)); // [1, Hkv, T, Dh]
        var keys = g.Overwrite(inputs.PastKeys, 2, places, g.ToCompute(key)); // [1, Hkv, capacity, Dh]
        var values = g.Overwrite(inputs.PastValues, 2, places, g.ToCompute(value));

        var filled = g.Reshape(total, 1);
        var seenKeys = g.ToFloat32(g.Slice(keys, 2, g.Integers(0), filled)); // [1, Hkv, L, Dh]
        var seenValues = g.ToFloat32(g.Slice(values, 2, g.Integers(0), filled));
        // Query head h reads key head h / (H / Hkv): as [Hkv, group, T, Dh] the groups broadcast.
        var grouped = g.Reshape(query, keyHeads, heads / keyHeads, -1, width);
        var scores = g.MatrixProduct(grouped, g.Transpose(seenKeys, 1, 0, 3, 2)); // [Hkv, group, T, L]
        scores = g.Multiply(scores, g.Number(1 / MathF.Sqrt(width)));
        var visible = g.IsAtMost(g.Range(g.Integer(0), total), g.Reshape(positions, -1, 1)); // [T, L]
        var weights = g.Softmax(g.Where(visible, scores, g.Number(Masked)));
        var attended = g.MatrixProduct(weights, g.Transpose(seenValues, 1, 0, 2, 3)); // [Hkv, group, T, Dh]
        attended = g.Transpose(g.Reshape(attended, 1, heads, -1, width), 0, 2, 1, 3); // [1, T, H, Dh]
        return (g.Reshape(attended, 1, -1, heads * width), keys, values);
    }

    private static Value SplitHeads(GraphBuilder g, Value x, int heads, int width) =>
        g.Transpose(g.Reshape(g.ToFloat32(x), 1, -1, heads, width), 0, 2, 1, 3);

    private static Value Rotate(GraphBuilder g, Value x, Value cosines, Value sines)
    {
        var halves = g.Split(x, -1, 2);
        var first = g.Subtract(g.Multiply(halves[0], cosines), g.Multiply(halves[1], sines));
        var second = g.Add(g.Multiply(halves[1], cosines), g.Multiply(halves[0], sines));
        return g.Concatenate(-1, first, second);
    }
}
