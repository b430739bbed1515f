using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>One Qwen2 layer, pre-norm: attention, then SwiGLU, each added to what came in, which stays in float32.</summary>
internal sealed class DecoderLayer(string path, int layer, LanguageConfig config, AttentionKernel kernel)
{
    private readonly RmsNorm _inputNorm = new($"{path}.input_layernorm", config.HiddenSize, config.RmsNormEpsilon);
    private readonly SelfAttention _attention = new($"{path}.self_attn", layer, config, kernel);
    private readonly RmsNorm _postAttentionNorm = new(
        $"{path}.post_attention_layernorm",
        config.HiddenSize,
        config.RmsNormEpsilon
    );
    private readonly SwiGlu _mlp = new($"{path}.mlp", config.HiddenSize, config.IntermediateSize);

    public Value Forward(GraphBuilder g, Value x, IReadOnlyList<AttentionSequence> sequences)
    {
        using var module = g.Enter($"layers.{layer}");
        x = g.Add(x, g.ToFloat32(_attention.Forward(g, _inputNorm.Forward(g, x), sequences))); // [B, T, D]
        return g.Add(x, g.ToFloat32(_mlp.Forward(g, _postAttentionNorm.Forward(g, x)))); // [B, T, D]
    }
}
