using System.Text;
using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Tests.Graphs;

public sealed class ModelGraphsTests
{
    private readonly ModelConfig _config = ModelConfig.Load(GoldenFiles.Tiny);

    [Fact]
    public void The_graphs_read_every_weight_of_the_checkpoint_and_no_other()
    {
        // Looked up or divided by outside the graphs.
        string[] outside =
        [
            "model.language_model.embed_tokens.weight",
            "model.speech_scaling_factor",
            "model.speech_bias_factor",
        ];
        var read = Graphs()
            .SelectMany(graph => graph.Weights)
            .Select(weight => weight.Name)
            .Where(name => !name.StartsWith("rotary.", StringComparison.Ordinal)) // computed
            .Where(name => name != "model.prediction_head.final_layer.norm") // ones
            .Select(name =>
                name.StartsWith("model.tts_input_types.weight", StringComparison.Ordinal) ? name[..^2] : name
            )
            .Distinct();

        read.Concat(outside).Order().ShouldBe(WeightNames.Of(_config).Select(weight => weight.Name).Order());
    }

    [Fact]
    public void Nodes_are_named_after_the_module_path()
    {
        using var checkpoint = Checkpoint.Open(GoldenFiles.Tiny);
        using var weights = new WeightStore(checkpoint);
        var model = Encoding.UTF8.GetString(
            ModelGraphs.Text(_config, AttentionKernel.Fused, ModelPrecision.Float32).Serialize(weights)
        );

        model.ShouldContain("language_model.layers.1.self_attn.q_proj/MatMul");
        model.ShouldContain("language_model.layers.0.mlp.down_proj/MatMul");
    }

    [Fact]
    public void Matrices_are_not_written_into_the_model()
    {
        using var checkpoint = Checkpoint.Open(GoldenFiles.Tiny);
        using var weights = new WeightStore(checkpoint);
        var graph = ModelGraphs.SpeechText(_config, AttentionKernel.Fused, ModelPrecision.Float32);
        var all = graph.Weights.Sum(weight => weight.Shape.Aggregate(4L, (product, size) => product * size));

        graph.Serialize(weights).LongLength.ShouldBeLessThan(all / 3);
    }

    private IEnumerable<OnnxGraph> Graphs() =>
        [
            ModelGraphs.Text(_config, AttentionKernel.Plain, ModelPrecision.Float32),
            ModelGraphs.SpeechText(_config, AttentionKernel.Fused, ModelPrecision.Float32),
            ModelGraphs.SpeechFrame(_config, AttentionKernel.Fused, ModelPrecision.Float32, endOfSpeechBias: null),
            new SamplerConditions(_config.Diffusion).Build(ModelPrecision.Float32),
            new SamplerStep(_config.Diffusion).Build(ModelPrecision.Float32),
            new AcousticDecoder(_config.Acoustic).Build(ModelPrecision.Float32).Graph,
        ];
}
