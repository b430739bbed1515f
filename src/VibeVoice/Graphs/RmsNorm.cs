using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>x / sqrt(mean(x²) + ε) · weight, in float32: squares of what hidden states hold are beyond float16.</summary>
internal sealed class RmsNorm(Weight weight, float epsilon)
{
    public RmsNorm(string path, long width, float epsilon)
        : this(Weight.Stored($"{path}.weight", width), epsilon) { }

    public Value Forward(GraphBuilder g, Value x) => g.RmsNorm(g.ToFloat32(x), g.Weight(weight), epsilon);
}
