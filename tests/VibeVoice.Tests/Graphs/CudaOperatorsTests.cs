using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Tests.Graphs;

/// <summary>Nobody here has a GPU: so every node is held against the list of what the CUDA provider takes.</summary>
public sealed class CudaOperatorsTests
{
    private static readonly Dictionary<string, string[][]> Kernels = File.ReadLines(
            Path.Combine(AppContext.BaseDirectory, "Graphs", "cuda-operators.txt")
        )
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.Split(':'))
        .ToDictionary(
            parts => parts[0],
            parts =>
                parts[1].Split(';').Select(types => types.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray()
        );

    public static TheoryData<ModelPrecision, bool> Choices =>
        new()
        {
            { ModelPrecision.Float16, true },
            { ModelPrecision.Float16, false },
            { ModelPrecision.Float32, false },
        };

    [Theory]
    [MemberData(nameof(Choices))]
    public void Every_node_of_every_graph_is_one_that_CUDA_has_for_its_types(ModelPrecision precision, bool isFused)
    {
        var kernel = isFused ? AttentionKernel.Fused : AttentionKernel.Plain;

        var lacking = Graphs(precision, kernel)
            .SelectMany(graph => graph.Nodes)
            .SelectMany(node => node.Inputs.Select((input, i) => (node, input, i)))
            .Where(use => !HasKernel(use.node, use.input, use.i))
            .Select(use => $"{use.node.Name} reads {use.input.Type} as input {use.i}");

        lacking.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public void No_node_asks_for_a_shape_which_would_bring_all_that_follows_to_the_processor(
        ModelPrecision precision,
        bool isFused
    ) =>
        Graphs(precision, isFused ? AttentionKernel.Fused : AttentionKernel.Plain)
            .SelectMany(graph => graph.Nodes)
            .Select(node => node.Operation)
            .ShouldNotContain(operation => operation == "Shape" || operation == "Size");

    [Fact]
    public void The_kernel_that_lacks_float32_on_CUDA_is_not_chosen_for_it()
    {
        var language = ModelConfig.Load(GoldenFiles.Tiny).Language;

        AttentionKernels.For(language, ModelPrecision.Float32, isOnHost: true).ShouldBe(AttentionKernel.Fused);
        AttentionKernels.For(language, ModelPrecision.Float16, isOnHost: false).ShouldBe(AttentionKernel.Fused);
        AttentionKernels.For(language, ModelPrecision.Float32, isOnHost: false).ShouldBe(AttentionKernel.Plain);
    }

    private static bool HasKernel(GraphNode node, Value input, int index) =>
        Kernels.TryGetValue(node.Operation, out var inputs)
        && inputs[Math.Min(index, inputs.Length - 1)].Contains(input.Type.ToString(), StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<OnnxGraph> Graphs(ModelPrecision precision, AttentionKernel kernel)
    {
        var config = ModelConfig.Load(GoldenFiles.Tiny);
        return
        [
            ModelGraphs.Text(config, kernel, precision),
            ModelGraphs.SpeechText(config, kernel, precision),
            ModelGraphs.SpeechFrame(config, kernel, precision, endOfSpeechBias: null),
            new SamplerConditions(config.Diffusion).Build(precision),
            new SamplerStep(config.Diffusion).Build(precision),
            new AcousticDecoder(config.Acoustic).Build(precision).Graph,
            .. AcceleratorDevice.Graphs,
        ];
    }
}
