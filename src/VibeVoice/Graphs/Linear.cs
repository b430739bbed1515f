using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>x · W, and + b where there is a bias.</summary>
/// <param name="path">Path of its weight and bias.</param>
/// <param name="inputs">Columns of x.</param>
/// <param name="outputs">Columns of the result.</param>
/// <param name="hasBias">Whether there is a bias.</param>
/// <param name="inFloat32">For what is small and decides much; otherwise in the type that the graph computes in.</param>
internal sealed class Linear(string path, long inputs, long outputs, bool hasBias, bool inFloat32 = false)
{
    public Value Forward(GraphBuilder g, Value x)
    {
        using var module = g.Enter(path[(path.LastIndexOf('.') + 1)..]);
        var type = inFloat32 ? TensorType.Float32 : g.Compute;
        Value? bias = hasBias ? g.Weight(Weight.Stored($"{path}.bias", outputs) with { Type = type }) : null;
        var weight = Weight.Linear($"{path}.weight", inputs, outputs) with { Type = type };
        var y = g.MatrixProduct(g.Cast(x, type), g.Weight(weight));
        return bias is { } vector ? g.Add(y, vector) : y;
    }
}
