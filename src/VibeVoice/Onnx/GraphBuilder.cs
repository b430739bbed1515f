namespace VibeVoice.Onnx;

/// <summary>Builds one ONNX graph: values in, values out, nodes named after the module path that made them.</summary>
/// <remarks>Not thread-safe. The operations themselves are methods in <c>GraphBuilder.Operations.cs</c>.</remarks>
internal sealed partial class GraphBuilder(string name, LinearKernel linearKernel = LinearKernel.Packed)
{
    private readonly ProtobufWriter _graph = new();
    private readonly List<GraphNode> _nodes = [];
    private readonly Dictionary<string, string> _outputs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Weight> _weights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Value> _constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _usesOfName = new(StringComparer.Ordinal);
    private readonly Stack<string> _modules = new();

    /// <summary>What computes linear layers, where the number of rows leaves a choice.</summary>
    public LinearKernel LinearKernel => linearKernel;

    public Value Input(string input, TensorType type, params Dimension[] shape)
    {
        _graph.Message(11, OnnxMessages.ValueInfo(input, type, shape));
        return new Value(input);
    }

    public Value Input(string input, params Dimension[] shape) => Input(input, TensorType.Float32, shape);

    /// <summary>Hands a value out under a name; its node writes it there, so that a cache can be updated in place.</summary>
    public void Output(string output, Value value, params Dimension[] shape)
    {
        _outputs.Add(value.Name, output);
        _graph.Message(12, OnnxMessages.ValueInfo(output, TensorType.Float32, shape));
    }

    /// <summary>A weight that the session will be given under its own name.</summary>
    public Value Weight(Weight weight)
    {
        _weights.TryAdd(weight.Name, weight);
        return new Value(weight.Name);
    }

    /// <summary>What is built until the result is disposed belongs to the module of this name.</summary>
    public Module Enter(string module)
    {
        _modules.Push(_modules.TryPeek(out var parent) ? $"{parent}.{module}" : module);
        return new Module(this);
    }

    public OnnxGraph Build()
    {
        foreach (var node in _nodes)
        {
            _graph.Message(
                1,
                OnnxMessages.Node(
                    node.Name,
                    node.Operation,
                    node.Domain,
                    node.Inputs.Select(FinalName),
                    node.Outputs.Select(FinalName),
                    node.Attributes
                )
            );
        }

        return new OnnxGraph(name, _graph.Text(2, name), [.. _weights.Values]);
    }

    private string FinalName(Value value) => _outputs.GetValueOrDefault(value.Name, value.Name);

    private Value Node(string operation, params Value[] inputs) => Node(operation, "", inputs, [])[0];

    private Value Node(string operation, Value[] inputs, params (string, object)[] attributes) =>
        Node(operation, "", inputs, attributes)[0];

    private Value[] Node(
        string operation,
        string domain,
        Value[] inputs,
        (string Name, object Value)[] attributes,
        int outputs = 1
    )
    {
        var node = UniqueName(_modules.TryPeek(out var module) ? $"{module}/{operation}" : operation);
        Value[] results =
            outputs == 1 ? [new(node)] : [.. Enumerable.Range(0, outputs).Select(i => new Value($"{node}:{i}"))];
        _nodes.Add(new GraphNode(node, operation, domain, inputs, results, attributes));
        return results;
    }

    private Value Constant(string key, Func<string, ProtobufWriter> tensor)
    {
        if (!_constants.TryGetValue(key, out var value))
        {
            value = new Value(key);
            _constants.Add(key, value);
            _graph.Message(5, tensor(key));
        }

        return value;
    }

    private string UniqueName(string wanted)
    {
        var uses = _usesOfName.GetValueOrDefault(wanted);
        _usesOfName[wanted] = uses + 1;
        return uses == 0 ? wanted : $"{wanted}_{uses}";
    }

    /// <summary>Leaves the module when disposed.</summary>
    public readonly struct Module(GraphBuilder builder) : IDisposable
    {
        public void Dispose() => builder._modules.Pop();
    }
}

/// <summary>One operation: what it is called, does, reads and makes.</summary>
internal sealed record GraphNode(
    string Name,
    string Operation,
    string Domain,
    Value[] Inputs,
    Value[] Outputs,
    (string Name, object Value)[] Attributes
);
