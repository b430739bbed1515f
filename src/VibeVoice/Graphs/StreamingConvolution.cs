using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>A causal convolution over time that carries its last K − 1 inputs from run to run.</summary>
/// <param name="path">Path of its weight and bias.</param>
/// <param name="inputs">Channels in.</param>
/// <param name="outputs">Channels out.</param>
/// <param name="kernel">K, taps.</param>
/// <param name="groups">1, or <paramref name="inputs"/> for a depthwise convolution.</param>
/// <param name="hasBias">Whether a number is added to each output.</param>
internal sealed class StreamingConvolution(string path, int inputs, int outputs, int kernel, int groups, bool hasBias)
{
    /// <param name="x"><c>[T, inputs]</c>.</param>
    /// <returns><c>[T, outputs]</c>.</returns>
    public Value Forward(GraphBuilder g, Value x, DecoderState state)
    {
        using var module = g.Enter("conv");
        var context = state.Carry(g, x, kernel - 1, inputs); // [T + K − 1, inputs]
        var y = g.Convolution(
            g.Reshape(g.Transpose(context, 1, 0), 1, inputs, -1),
            g.ComputeWeight(Weight.Stored($"{path}.weight", outputs, inputs / groups, kernel)),
            hasBias ? g.ComputeWeight(Weight.Stored($"{path}.bias", outputs)) : null,
            groups
        ); // [1, outputs, T]
        return g.Transpose(g.Reshape(y, outputs, -1), 1, 0);
    }
}
