using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>What conditions and times make of the diffusion head, for all steps of a latent in one run.</summary>
/// <remarks>
/// A quarter of the head's weights, which each step would read again. One row for each step and each of the two
/// conditions, so rows may belong to different schedules.
/// </remarks>
internal sealed class SamplerConditions(DiffusionConfig config)
{
    public const string Condition = "condition";
    public const string Time = "time";
    public const string Modulations = "modulations";

    private readonly DiffusionHead _head = new(config);

    public OnnxGraph Build(ModelPrecision precision)
    {
        const string rows = "rows";
        var g = new GraphBuilder("sampler_conditions", precision);
        var time = g.Input(Time, rows, config.FrequencySize);
        var condition = g.Input(Condition, rows, config.HiddenSize);
        var width = (long)DiffusionHead.PartsOf(config.Layers) * config.HiddenSize;
        g.Output(Modulations, _head.Modulations(g, time, condition), rows, width);
        return g.Build();
    }
}
