using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>The left context of every convolution of the acoustic decoder, as inputs and outputs of its graph.</summary>
/// <remarks>Input and output of one convolution may be the same memory: the input is copied before it is written.</remarks>
internal sealed class DecoderState
{
    private readonly List<(int Positions, int Channels)> _shapes = [];

    /// <summary>Shape of each context, <c>[positions, channels]</c>, in the order of the decoder.</summary>
    public IReadOnlyList<(int Positions, int Channels)> Shapes => _shapes;

    public static string InputName(int index) => $"context.{index}";

    public static string OutputName(int index) => $"next_context.{index}";

    /// <summary>x after what was carried to here, in the type that is computed in; its last positions are carried on.</summary>
    public Value Carry(GraphBuilder g, Value x, int positions, int channels)
    {
        var index = _shapes.Count;
        _shapes.Add((positions, channels));
        var joined = g.Concatenate(0, g.State(InputName(index), positions, channels), g.ToCompute(x));
        g.Output(OutputName(index), g.Slice(joined, 0, -positions, long.MaxValue), positions, channels);
        return joined;
    }
}
