using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>A depthwise convolution and a feed-forward part, each normed before, scaled after and added.</summary>
internal sealed class AcousticBlock(string path, int channels, AcousticConfig config)
{
    private const int Widening = 4; // written into the reference's code, not into its configuration

    private readonly RmsNorm _norm = new($"{path}.norm", channels, config.RmsNormEpsilon);
    private readonly StreamingConvolution _mixer = new(
        $"{path}.mixer.conv.conv.conv",
        channels,
        channels,
        config.KernelSize,
        groups: channels,
        config.HasBias
    );
    private readonly RmsNorm _ffnNorm = new($"{path}.ffn_norm", channels, config.RmsNormEpsilon);
    private readonly Linear _widen = new($"{path}.ffn.linear1", channels, Widening * channels, config.HasBias);
    private readonly Linear _narrow = new($"{path}.ffn.linear2", Widening * channels, channels, config.HasBias);

    public Value Forward(GraphBuilder g, Value x, DecoderState state)
    {
        var mixed = _mixer.Forward(g, _norm.Forward(g, x), state);
        x = g.Add(x, Scale(g, g.ToFloat32(mixed), "gamma")); // [T, channels]
        var widened = g.Gelu(_widen.Forward(g, _ffnNorm.Forward(g, x))); // [T, 4·channels]
        return g.Add(x, Scale(g, g.ToFloat32(_narrow.Forward(g, widened)), "ffn_gamma")); // [T, channels]
    }

    private Value Scale(GraphBuilder g, Value x, string name) =>
        config.HasLayerScale ? g.Multiply(x, g.Weight(Weight.Stored($"{path}.{name}", channels))) : x;
}
