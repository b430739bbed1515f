using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>A causal transposed convolution with kernel 2r and stride r, as one matrix product per position.</summary>
/// <remarks>
/// y[t·r .. t·r + r) = x[t]·W[.., 0..r) + x[t−1]·W[.., r..2r) + b: an output overlaps one earlier input only,
/// so one position is all the state there is (the reference keeps 2r − 1 and computes them again).
/// </remarks>
internal sealed class StreamingUpsampling(string path, int inputs, int outputs, int ratio, bool hasBias)
{
    /// <param name="x"><c>[T, inputs]</c>.</param>
    /// <returns><c>[T·ratio, outputs]</c>.</returns>
    public Value Forward(GraphBuilder g, Value x, DecoderState state)
    {
        using var module = g.Enter("convtr");
        var context = state.Carry(g, x, 1, inputs); // [T + 1, inputs]
        var previous = g.Slice(context, 0, 0, -1); // [T, inputs]
        var both = g.Concatenate(1, g.ToCompute(x), previous); // [T, 2·inputs]
        var y = g.MatrixProduct(both, g.ComputeWeight(Matrix())); // [T, ratio·outputs]
        y = g.Reshape(y, -1, outputs); // [T·ratio, outputs]
        return hasBias ? g.Add(y, g.ComputeWeight(Weight.Stored($"{path}.bias", outputs))) : y;
    }

    private Weight Matrix() =>
        new(
            $"{path}.weight",
            [2L * inputs, (long)ratio * outputs],
            (checkpoint, matrix) =>
            {
                var stored = checkpoint.Read($"{path}.weight", inputs, outputs, 2L * ratio);
                for (var tap = 0; tap < 2 * ratio; tap++)
                {
                    var (isPrevious, offset) = Math.DivRem(tap, ratio);
                    for (var i = 0; i < inputs; i++)
                    {
                        var row = matrix.Slice(((((isPrevious * inputs) + i) * ratio) + offset) * outputs, outputs);
                        for (var o = 0; o < outputs; o++)
                        {
                            row[o] = stored[(((i * outputs) + o) * 2 * ratio) + tap];
                        }
                    }
                }
            }
        );
}
