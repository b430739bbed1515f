using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>down(silu(gate(x)) · up(x)): the feed-forward part of the language models and of the diffusion head.</summary>
internal sealed class SwiGlu(string path, long width, long innerWidth)
{
    private readonly Linear _gate = new($"{path}.gate_proj", width, innerWidth, hasBias: false);
    private readonly Linear _up = new($"{path}.up_proj", width, innerWidth, hasBias: false);
    private readonly Linear _down = new($"{path}.down_proj", innerWidth, width, hasBias: false);

    public Value Forward(GraphBuilder g, Value x)
    {
        using var module = g.Enter(path[(path.LastIndexOf('.') + 1)..]);
        return _down.Forward(g, g.Multiply(g.Silu(_gate.Forward(g, x)), _up.Forward(g, x)));
    }
}
