using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>fc2(relu(fc1(hidden))): a logit; above 0 the speech has ended, which no rounding should decide: float32.</summary>
/// <param name="config">Sizes.</param>
/// <param name="bias">Takes the place of the checkpoint's last bias, for recorded runs that must not end.</param>
internal sealed class EndOfSpeech(LanguageConfig config, float? bias)
{
    private const string Path = "tts_eos_classifier";
    private readonly Linear _first = new(
        $"{Path}.fc1",
        config.HiddenSize,
        config.HiddenSize,
        hasBias: true,
        inFloat32: true
    );
    private readonly Linear _second = new($"{Path}.fc2", config.HiddenSize, 1, hasBias: false, inFloat32: true);

    public Value Forward(GraphBuilder g, Value hidden)
    {
        using var module = g.Enter(Path);
        var logit = _second.Forward(g, g.Relu(_first.Forward(g, hidden)));
        return g.Add(logit, bias is { } number ? g.Number(number) : g.Weight(Weight.Stored($"{Path}.fc2.bias", 1)));
    }
}
