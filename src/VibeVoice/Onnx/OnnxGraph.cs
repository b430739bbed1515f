namespace VibeVoice.Onnx;

/// <summary>A finished graph, and the weights that it names.</summary>
/// <param name="Name">What the graph is called.</param>
/// <param name="Edges">Its inputs, outputs and constants, as they are written.</param>
/// <param name="Weights">What the nodes read.</param>
/// <param name="Nodes">What it does, in order.</param>
/// <remarks>
/// Vectors are written into the model, since the runtime's optimisers read them (they are under a thousandth of all);
/// matrices only by name and shape: a session is given those in memory that it shares.
/// </remarks>
internal sealed record OnnxGraph(
    string Name,
    ProtobufWriter Edges,
    IReadOnlyList<Weight> Weights,
    IReadOnlyList<GraphNode> Nodes
)
{
    // What a processor computes in float32 when it is asked for float16.
    private static readonly HashSet<string> Widened = ["Add", "Cast", "Conv", "Gelu", "MatMul", "Mul", "Sigmoid"];

    public IEnumerable<Weight> GivenToTheSession => Weights.Where(weight => !IsWrittenInto(weight));

    /// <summary>The model as bytes, for the device that has the weights.</summary>
    public byte[] Serialize(WeightStore weights)
    {
        var graph = new ProtobufWriter().Append(Edges);
        foreach (var node in weights.Device.HasFloat16 ? Nodes : Nodes.SelectMany(RoundedOnce))
        {
            graph.Message(1, OnnxMessages.Node(node));
        }

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

    /// <summary>
    /// On a processor the runtime puts casts around what it has no float16 for, and drops those that meet: the rounding
    /// between would be lost, and the result be better than a GPU's. A Clip without bounds, which it has, keeps it.
    /// </summary>
    private static IEnumerable<GraphNode> RoundedOnce(GraphNode node)
    {
        if (node.Outputs is not [{ Type: TensorType.Float16 } rounded] || !Widened.Contains(node.Operation))
        {
            return [node];
        }

        var exact = rounded with { Name = $"{rounded.Name}/exact" };
        return
        [
            node with
            {
                Outputs = [exact],
            },
            new GraphNode($"{node.Name}/rounded", "Clip", "", [exact], [rounded], []),
        ];
    }

    private static bool IsWrittenInto(Weight weight) => weight.Shape.Length == 1;
}
