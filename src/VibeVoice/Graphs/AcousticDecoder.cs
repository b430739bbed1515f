using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>Latents to sound: the decoder of the σ-VAE (VibeVoice report §2.1), causal, channels last.</summary>
internal sealed class AcousticDecoder(AcousticConfig config)
{
    public const string Latents = "latents";
    public const string Audio = "audio";
    private const string Path = "model.acoustic_tokenizer.decoder";

    public (OnnxGraph Graph, DecoderState State) Build(ModelPrecision precision)
    {
        var g = new GraphBuilder("decoder", precision);
        var state = new DecoderState();
        var latents = g.Input(Latents, "frames", config.LatentSize);
        g.Output(Audio, g.ToFloat32(Forward(g, latents, state)), "samples", 1);
        return (g.Build(), state);
    }

    /// <param name="latents"><c>[F, C]</c>, unscaled.</param>
    /// <returns><c>[F·samples per frame, 1]</c>.</returns>
    private Value Forward(GraphBuilder g, Value latents, DecoderState state)
    {
        using var module = g.Enter("decoder");
        var channels = config.Channels;
        var x = new StreamingConvolution(
            $"{Path}.upsample_layers.0.0.conv.conv",
            config.LatentSize,
            channels[0],
            config.KernelSize,
            groups: 1,
            config.HasBias
        ).Forward(g, latents, state);
        x = g.ToFloat32(x);
        for (var stage = 0; stage < channels.Count; stage++)
        {
            using var stageModule = g.Enter($"stages.{stage}");
            if (stage > 0)
            {
                x = new StreamingUpsampling(
                    $"{Path}.upsample_layers.{stage}.0.convtr.convtr",
                    channels[stage - 1],
                    channels[stage],
                    config.Ratios[stage - 1],
                    config.HasBias
                ).Forward(g, x, state);
                x = g.ToFloat32(x);
            }

            for (var block = 0; block < config.DecoderDepths[stage]; block++)
            {
                using var blockModule = g.Enter($"{block}");
                x = new AcousticBlock($"{Path}.stages.{stage}.{block}", channels[stage], config).Forward(g, x, state);
            }
        }

        return new StreamingConvolution(
            $"{Path}.head.conv.conv",
            channels[^1],
            1,
            config.KernelSize,
            groups: 1,
            config.HasBias
        ).Forward(g, x, state);
    }
}
