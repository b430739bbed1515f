using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>x · W, and + b where there is a bias.</summary>
internal sealed class Linear(string path, long inputs, long outputs, bool hasBias)
{
    public Value Forward(GraphBuilder g, Value x)
    {
        using var module = g.Enter(path[(path.LastIndexOf('.') + 1)..]);
        var y = g.MatrixProduct(x, g.Weight(Weight.Linear($"{path}.weight", inputs, outputs)));
        return hasBias ? g.Add(y, g.Weight(Weight.Stored($"{path}.bias", outputs))) : y;
    }
}
