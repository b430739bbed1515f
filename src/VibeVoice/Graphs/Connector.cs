using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>fc2(norm(fc1(latent))): a latent as an embedding of the language model, in float32 throughout.</summary>
internal sealed class Connector(ModelConfig config)
{
    private const string Path = "model.acoustic_connector";
    private const float NormEpsilon = 1e-6f; // written into the reference's code, not into its configuration

    private readonly Linear _first = new(
        $"{Path}.fc1",
        config.Acoustic.LatentSize,
        config.Language.HiddenSize,
        hasBias: true,
        inFloat32: true
    );
    private readonly RmsNorm _norm = new($"{Path}.norm", config.Language.HiddenSize, NormEpsilon);
    private readonly Linear _second = new(
        $"{Path}.fc2",
        config.Language.HiddenSize,
        config.Language.HiddenSize,
        hasBias: true,
        inFloat32: true
    );

    public Value Forward(GraphBuilder g, Value latent)
    {
        using var module = g.Enter("acoustic_connector");
        return _second.Forward(g, _norm.Forward(g, _first.Forward(g, latent)));
    }
}
