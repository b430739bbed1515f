using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>x · W, and + b where there is a bias.</summary>
/// <param name="path">Path of its weight and bias.</param>
/// <param name="inputs">Width of x.</param>
/// <param name="outputs">Width of the result.</param>
/// <param name="hasBias">Whether there is a bias.</param>
/// <param name="rows">Rows of x that come for one frame; where many do, packed matrices are faster.</param>
internal sealed class Linear(string path, long inputs, long outputs, bool hasBias, int rows = 1)
{
    private const int MostStreamedRows = 16;

    public Value Forward(GraphBuilder g, Value x)
    {
        using var module = g.Enter(path[(path.LastIndexOf('.') + 1)..]);
        Value? bias = hasBias ? g.Weight(Weight.Stored($"{path}.bias", outputs)) : null;
        if (IsStreamed(g, rows))
        {
            return g.StreamedLinear(x, Weight.Streamed($"{path}.weight", outputs, inputs), bias);
        }

        var y = g.MatrixProduct(x, g.Weight(Weight.Linear($"{path}.weight", inputs, outputs)));
        return bias is { } vector ? g.Add(y, vector) : y;
    }

    public static bool IsStreamed(GraphBuilder g, int rows) =>
        g.LinearKernel == LinearKernel.Streamed && rows <= MostStreamedRows;
}
