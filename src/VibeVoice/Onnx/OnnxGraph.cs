namespace VibeVoice.Onnx;

/// <summary>A finished graph, and the weights that it names.</summary>
/// <param name="Name">What the graph is called.</param>
/// <param name="Nodes">The nodes as they are written.</param>
/// <param name="Weights">What the nodes read.</param>
/// <param name="Operations">The nodes with their types, for those who check which device has them.</param>
/// <remarks>
/// Vectors are written into the model, since the runtime's optimisers read them (they are under a thousandth of all);
/// matrices only by name and shape: a session is given those in memory that it shares.
/// </remarks>
internal sealed record OnnxGraph(
    string Name,
    ProtobufWriter Nodes,
    IReadOnlyList<Weight> Weights,
    IReadOnlyList<GraphNode> Operations
)
{
    public IEnumerable<Weight> GivenToTheSession => Weights.Where(weight => !IsWrittenInto(weight));

    /// <summary>The model as bytes.</summary>
    public byte[] Serialize(WeightStore weights)
    {
        var graph = new ProtobufWriter().Append(Nodes);
        var offset = 0L;
        foreach (var weight in Weights)
        {
            graph.Message(
                5,
                IsWrittenInto(weight)
                    ? OnnxMessages.Vector(weight.Name, weight.Type, weights.OnHost(weight).Bytes)
                    : OnnxMessages.WeightPlaceholder(weight.Name, weight.Type, weight.Shape, offset)
            );
            offset += IsWrittenInto(weight) ? 0 : NativeTensor.LengthOf(weight.Type, weight.Shape);
        }

        return OnnxMessages.Model(graph);
    }

    /// <summary>The file that placeholders name, for a runtime that wants to read it.</summary>
    public void WriteMatrices(string path, WeightStore weights)
    {
        using var file = File.Create(path);
        foreach (var weight in GivenToTheSession)
        {
            file.Write(weights.OnHost(weight).Bytes);
        }
    }

    private static bool IsWrittenInto(Weight weight) => weight.Shape.Length == 1;
}
