using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>x · W, and + b where there is a bias.</summary>
/// <param name="path">Path of its weight and bias.</param>
/// <param name="inputs">Columns of x.</param>
/// <param name="outputs">Columns of the result.</param>
/// <param name="hasBias">Whether there is a bias.</param>
/// <param name="rows">Rows of x that come for one frame; where many do, packed matrices are faster.</param>
/// <param name="inFloat32">For what is small and decides much; otherwise in the type that the graph computes in.</param>
internal sealed class Linear(string path, long inputs, long outputs, bool hasBias, int rows = 1, bool inFloat32 = false)
{
    private const int MostStreamedRows = 16;

    public Value Forward(GraphBuilder g, Value x)
    {
        using var module = g.Enter(path[(path.LastIndexOf('.') + 1)..]);
        var type = inFloat32 ? TensorType.Float32 : g.Compute;
        Value? bias = hasBias ? g.Weight(Weight.Stored($"{path}.bias", outputs) with { Type = type }) : null;
        if (IsStreamed(g, rows))
        {
            return g.StreamedLinear(x, Weight.Streamed($"{path}.weight", outputs, inputs), bias);
        }

        var weight = Weight.Linear($"{path}.weight", inputs, outputs) with { Type = type };
        var y = g.MatrixProduct(g.Cast(x, type), g.Weight(weight));
        return bias is { } vector ? g.Add(y, vector) : y;
    }

    public static bool IsStreamed(GraphBuilder g, int rows) =>
        g.LinearKernel == LinearKernel.Streamed && rows <= MostStreamedRows;
}
