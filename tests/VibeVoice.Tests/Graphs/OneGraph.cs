using Microsoft.ML.OnnxRuntime;
using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Tests.Graphs;

/// <summary>Builds a graph of one block, gives it weights and numbers, and returns what comes out.</summary>
internal static class OneGraph
{
    public static float[] Run(
        Checkpoint checkpoint,
        Func<GraphBuilder, Value[], Value> block,
        params (long[] Shape, float[] Numbers)[] inputs
    )
    {
        var g = new GraphBuilder("block");
        var values = inputs.Select((input, i) => g.Input($"x{i}", [.. input.Shape.Select(size => (Dimension)size)]));
        g.Output("y", block(g, [.. values]), "any", "size");
        using var weights = new WeightStore(checkpoint);
        using var packed = new PrePackedWeightsContainer();
        using var session = new OnnxSession(g.Build(), weights, packed, threads: 1);
        using var binding = session.CreateBinding();
        for (var i = 0; i < inputs.Length; i++)
        {
            binding.BindInput($"x{i}", OrtValue.CreateTensorValueFromMemory(inputs[i].Numbers, inputs[i].Shape));
        }

        var ort = binding.Refresh();
        ort.BindOutputToDevice("y", OrtMemoryInfo.DefaultInstance);
        session.Run(binding);
        using var outputs = ort.GetOutputValues();
        var result = outputs.Single().GetTensorDataAsSpan<float>().ToArray();
        GC.KeepAlive(inputs);
        return result;
    }
}
