namespace VibeVoice.Onnx;

/// <summary>Builds one ONNX graph: values in, values out, nodes named after the module path that made them.</summary>
/// <param name="name">Name of the graph.</param>
/// <param name="precision">
/// Of matrix products, convolutions and attention. Sums, norms and whatever else is small beside them stay in
/// float32, where numbers of the model are too large or too many for the 11 bits of float16.
/// </param>
/// <remarks>Not thread-safe. The operations themselves are methods in <c>GraphBuilder.Operations.cs</c>.</remarks>
internal sealed partial class GraphBuilder(string name, ModelPrecision precision = ModelPrecision.Float32)
{
    private readonly ProtobufWriter _graph = new();
    private readonly List<GraphNode> _nodes = [];
    private readonly Dictionary<string, string> _outputs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Weight> _weights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Value> _constants = new(StringComparer.Ordinal);
    private readonly Dictionary<(Value, TensorType), Value> _casts = [];
    private readonly Dictionary<string, int> _usesOfName = new(StringComparer.Ordinal);
    private readonly Stack<string> _modules = new();

    /// <summary>The type of matrix products, convolutions and attention.</summary>
    public TensorType Compute { get; } = precision.ComputeType();

    public Value Input(string input, TensorType type, params Dimension[] shape)
    {
        _graph.Message(11, OnnxMessages.ValueInfo(input, type, shape));
        return new Value(input, type);
    }

    public Value Input(string input, params Dimension[] shape) => Input(input, TensorType.Float32, shape);

    /// <summary>What lasts from run to run on the device, in the type that is computed in.</summary>
    public Value State(string input, params Dimension[] shape) => Input(input, Compute, shape);

    /// <summary>Hands a value out under a name; its node writes it there, so that a cache can be updated in place.</summary>
    public void Output(string output, Value value, params Dimension[] shape)
    {
        _outputs.Add(value.Name, output);
        _graph.Message(12, OnnxMessages.ValueInfo(output, value.Type, shape));
    }

    /// <summary>A weight that the session will be given under its own name, in float32.</summary>
    public Value Weight(Weight weight)
    {
        var known = _weights.GetValueOrDefault(weight.Name, weight);
        _weights[weight.Name] =
            known.Type == weight.Type
                ? known
                : throw new InvalidOperationException(
                    $"'{weight.Name}' is needed as {known.Type} and as {weight.Type}."
                );
        return new Value(weight.Name, weight.Type);
    }

    /// <summary>A weight in the type that is computed in.</summary>
    public Value ComputeWeight(Weight weight) => Weight(weight with { Type = Compute });

    /// <summary>The value in the type that is computed in.</summary>
    public Value ToCompute(Value x) => Cast(x, Compute);

    /// <summary>The value in float32.</summary>
    public Value ToFloat32(Value x) => Cast(x, TensorType.Float32);

    /// <summary>The value as another type: itself where it is of that type, and cast once however often it is asked for.</summary>
    public Value Cast(Value x, TensorType type)
    {
        if (x.Type == type)
        {
            return x;
        }

        if (!_casts.TryGetValue((x, type), out var cast))
        {
            cast = NewCast(x, type);
            _casts.Add((x, type), cast);
        }

        return cast;
    }

    /// <summary>A cast also where the value is of that type: a node that writes it into another place.</summary>
    public Value NewCast(Value x, TensorType type) => Node("Cast", "", [x], [("to", (long)type)], type)[0];

    /// <summary>What is built until the result is disposed belongs to the module of this name.</summary>
    public Module Enter(string module)
    {
        _modules.Push(_modules.TryPeek(out var parent) ? $"{parent}.{module}" : module);
        return new Module(this);
    }

    public OnnxGraph Build()
    {
        var nodes = _nodes.Select(node =>
            node with
            {
                Inputs = [.. node.Inputs.Select(Final)],
                Outputs = [.. node.Outputs.Select(Final)],
            }
        );
        return new OnnxGraph(name, _graph.Text(2, name), [.. _weights.Values], [.. nodes]);
    }

    private Value Final(Value value) => value with { Name = _outputs.GetValueOrDefault(value.Name, value.Name) };

    private Value Node(string operation, params Value[] inputs) => Node(operation, inputs, []);

    private Value Node(string operation, Value[] inputs, params (string, object)[] attributes) =>
        Node(operation, "", inputs, attributes, inputs[0].Type)[0];

    private Value[] Node(
        string operation,
        string domain,
        Value[] inputs,
        (string Name, object Value)[] attributes,
        TensorType type,
        int outputs = 1
    )
    {
        var node = UniqueName(_modules.TryPeek(out var module) ? $"{module}/{operation}" : operation);
        Value[] results =
            outputs == 1
                ? [new(node, type)]
                : [.. Enumerable.Range(0, outputs).Select(i => new Value($"{node}:{i}", type))];
        _nodes.Add(new GraphNode(node, operation, domain, inputs, results, attributes));
        return results;
    }

    private Value Constant(string key, TensorType type, Func<string, ProtobufWriter> tensor)
    {
        if (!_constants.TryGetValue(key, out var value))
        {
            value = new Value(key, type);
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
