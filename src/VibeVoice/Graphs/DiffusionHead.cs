using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>Predicts the velocity v of a noisy latent under a condition (VibeVoice report, diffusion head).</summary>
internal sealed class DiffusionHead
{
    private const string Path = "model.prediction_head";
    private readonly Linear _noisyLatent;
    private readonly Linear _condition;
    private readonly Linear _timeFirst;
    private readonly Linear _timeSecond;
    private readonly IReadOnlyList<Layer> _layers;
    private readonly RmsNorm _finalNorm;
    private readonly Linear _finalModulation;
    private readonly Linear _final;

    public DiffusionHead(DiffusionConfig config)
    {
        var width = config.HiddenSize;
        _noisyLatent = new Linear($"{Path}.noisy_images_proj", config.LatentSize, width, hasBias: false);
        _condition = new Linear($"{Path}.cond_proj", width, width, hasBias: false);
        _timeFirst = new Linear($"{Path}.t_embedder.mlp.0", config.FrequencySize, width, hasBias: false);
        _timeSecond = new Linear($"{Path}.t_embedder.mlp.2", width, width, hasBias: false);
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i => new Layer(i, config))];
        _finalNorm = new RmsNorm(Weight.Ones($"{Path}.final_layer.norm", width), config.RmsNormEpsilon);
        _finalModulation = new Linear($"{Path}.final_layer.adaLN_modulation.1", width, 2L * width, hasBias: false);
        _final = new Linear($"{Path}.final_layer.linear", width, config.LatentSize, hasBias: false);
    }

    /// <summary>All that a step does not change: what the condition and the time make of each layer.</summary>
    /// <param name="time">Sinusoidal embeddings of the timesteps, <c>[B, frequencies]</c>.</param>
    /// <param name="condition"><c>[B, D]</c>.</param>
    /// <returns>Shift, scale and gate of each layer, then the last shift and scale: <c>[B, parts·D]</c>.</returns>
    public Value Modulations(GraphBuilder g, Value time, Value condition)
    {
        using var module = g.Enter("prediction_head");
        var c = g.Add(_condition.Forward(g, condition), _timeSecond.Forward(g, g.Silu(_timeFirst.Forward(g, time)))); // [B, D]
        c = g.Silu(c); // every modulation begins with it
        var modulations = _layers.Select(layer => layer.Modulation(g, c)).Append(_finalModulation.Forward(g, c));
        return g.Concatenate(-1, [.. modulations.Select(g.ToFloat32)]);
    }

    /// <param name="latent">Noisy latents, <c>[B, C]</c>.</param>
    /// <param name="modulations">Of the condition and the time, <c>[B, parts·D]</c>.</param>
    /// <returns>v, <c>[B, C]</c>.</returns>
    public Value Forward(GraphBuilder g, Value latent, Value modulations)
    {
        using var module = g.Enter("prediction_head");
        var parts = g.Split(modulations, -1, PartsOf(_layers.Count));
        var x = g.ToFloat32(_noisyLatent.Forward(g, latent)); // [B, D]
        for (var layer = 0; layer < _layers.Count; layer++)
        {
            x = _layers[layer].Forward(g, x, parts.AsSpan(3 * layer, 3));
        }

        return g.ToFloat32(_final.Forward(g, Modulate(g, _finalNorm.Forward(g, x), parts[^2], parts[^1])));
    }

    /// <summary>How many vectors of width D the modulations of one row are.</summary>
    public static int PartsOf(int layers) => (3 * layers) + 2;

    private static Value Modulate(GraphBuilder g, Value x, Value shift, Value scale) =>
        g.Add(g.Multiply(x, g.Add(scale, g.Number(1))), shift);

    private sealed class Layer(int layer, DiffusionConfig config)
    {
        private readonly RmsNorm _norm = new($"{Path}.layers.{layer}.norm", config.HiddenSize, config.RmsNormEpsilon);
        private readonly SwiGlu _ffn = new($"{Path}.layers.{layer}.ffn", config.HiddenSize, config.FfnSize);
        private readonly Linear _modulation = new(
            $"{Path}.layers.{layer}.adaLN_modulation.1",
            config.HiddenSize,
            3L * config.HiddenSize,
            hasBias: false
        );

        public Value Modulation(GraphBuilder g, Value c)
        {
            using var module = g.Enter($"layers.{layer}");
            return _modulation.Forward(g, c);
        }

        /// <param name="modulation">Shift, scale, gate.</param>
        public Value Forward(GraphBuilder g, Value x, ReadOnlySpan<Value> modulation)
        {
            using var module = g.Enter($"layers.{layer}");
            var modulated = Modulate(g, _norm.Forward(g, x), modulation[0], modulation[1]);
            return g.Add(x, g.Multiply(modulation[2], g.ToFloat32(_ffn.Forward(g, modulated)))); // [B, D]
        }
    }
}
