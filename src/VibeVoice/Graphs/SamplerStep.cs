using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>One step of DPM-Solver++ 2M with classifier-free guidance, for R latents at once.</summary>
/// <remarks>All that depends on the step is an input per row, so rows may be at different steps of different schedules.</remarks>
internal sealed class SamplerStep(DiffusionConfig config)
{
    public const string Latent = "latent";
    public const string PreviousPrediction = "previous_prediction";
    public const string Modulations = "modulations";
    public const string Guidance = "guidance";
    public const string Alpha = "alpha";
    public const string Sigma = "sigma";
    public const string LatentFactor = "latent_factor";
    public const string PredictionFactor = "prediction_factor";
    public const string DifferenceFactor = "difference_factor";
    public const string NextLatent = "next_latent";
    public const string Prediction = "prediction";

    private readonly DiffusionHead _head = new(config);

    public OnnxGraph Build(ModelPrecision precision)
    {
        const string rows = "rows";
        var g = new GraphBuilder("sampler", precision);
        var latent = g.Input(Latent, rows, config.LatentSize);
        var previous = g.Input(PreviousPrediction, rows, config.LatentSize);
        var width = (long)DiffusionHead.PartsOf(config.Layers) * config.HiddenSize;
        var modulations = g.Input(Modulations, "conditions", width); // the positive rows, then the negative ones

        var velocity = _head.Forward(g, g.Concatenate(0, latent, latent), modulations); // [2·R, C]
        var velocities = g.Split(velocity, 0, 2);
        var guided = g.Add(velocities[1], g.Multiply(PerRow(Guidance), g.Subtract(velocities[0], velocities[1]))); // [R, C]
        // x0 = α·z − s·v
        var prediction = g.Subtract(g.Multiply(PerRow(Alpha), latent), g.Multiply(PerRow(Sigma), guided));
        var next = g.Add(
            g.Add(g.Multiply(PerRow(LatentFactor), latent), g.Multiply(PerRow(PredictionFactor), prediction)),
            g.Multiply(PerRow(DifferenceFactor), g.Subtract(prediction, previous))
        );
        g.Output(NextLatent, next, rows, config.LatentSize);
        g.Output(Prediction, prediction, rows, config.LatentSize);
        return g.Build();

        Value PerRow(string name) => g.Input(name, rows, 1);
    }
}
