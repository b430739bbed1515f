namespace VibeVoice.Onnx;

/// <summary>A finished graph, and the weights that it names.</summary>
/// <remarks>
/// Vectors are written into the model, since the runtime's optimisers read them (they are under a thousandth of all);
/// matrices only by name and shape: a session is given those in memory that it shares.
/// </remarks>
internal sealed record OnnxGraph(string Name, ProtobufWriter Nodes, IReadOnlyList<Weight> Weights)
{
    public IEnumerable<Weight> GivenToTheSession => Weights.Where(weight => !IsWrittenInto(weight));

    /// <summary>The model as bytes.</summary>
    public byte[] Serialize(WeightStore weights)
    {
        var graph = new ProtobufWriter().Append(Nodes);
        foreach (var weight in Weights)
        {
            graph.Message(
                5,
                IsWrittenInto(weight)
                    ? OnnxMessages.Float32Vector(weight.Name, weights.Get(weight).Floats)
                    : OnnxMessages.WeightPlaceholder(weight.Name, weight.Type, weight.Shape)
            );
        }

        return OnnxMessages.Model(graph);
    }

    private static bool IsWrittenInto(Weight weight) => weight.Shape.Length == 1;
}
