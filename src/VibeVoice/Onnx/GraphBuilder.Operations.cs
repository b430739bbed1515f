using System.Globalization;

namespace VibeVoice.Onnx;

/// <summary>The operations of the graphs, as methods that read like formulas.</summary>
internal sealed partial class GraphBuilder
{
    public Value Integers(params long[] values) =>
        Constant(
            $"integers[{string.Join(',', values)}]",
            TensorType.Int64,
            name => OnnxMessages.Int64Constant(name, values, isScalar: false)
        );

    public Value Integer(long value) =>
        Constant(
            $"integer {value.ToString(CultureInfo.InvariantCulture)}",
            TensorType.Int64,
            name => OnnxMessages.Int64Constant(name, [value], isScalar: true)
        );

    /// <summary>A float32 scalar.</summary>
    public Value Number(float value) =>
        Constant(
            $"number {value.ToString("R", CultureInfo.InvariantCulture)}",
            TensorType.Float32,
            name => OnnxMessages.Float32Constant(name, value)
        );

    public Value Add(Value a, Value b) => Node("Add", a, b);

    public Value Subtract(Value a, Value b) => Node("Sub", a, b);

    public Value Multiply(Value a, Value b) => Node("Mul", a, b);

    public Value MatrixProduct(Value a, Value b) => Node("MatMul", a, b);

    public Value Sigmoid(Value x) => Node("Sigmoid", x);

    public Value Silu(Value x) => Multiply(x, Sigmoid(x));

    public Value Relu(Value x) => Node("Relu", x);

    /// <summary>With the error function, not its tanh approximation.</summary>
    public Value Gelu(Value x) => Node("Gelu", x);

    public Value Softmax(Value x) => Node("Softmax", [x], ("axis", -1L));

    /// <summary>x / sqrt(mean(x²) + epsilon) · weight over the last axis.</summary>
    /// <remarks>Operator set 23 has <c>RMSNormalization</c>, which older runtimes lack.</remarks>
    public Value RmsNorm(Value x, Value weight, float epsilon) =>
        Node("SimplifiedLayerNormalization", [x, weight], ("axis", -1L), ("epsilon", epsilon));

    public Value Convolution(Value x, Value weight, Value? bias, long groups) =>
        Node("Conv", bias is { } b ? [x, weight, b] : [x, weight], ("group", groups));

    public Value Concatenate(long axis, params Value[] parts) =>
        parts.Length == 1 ? parts[0] : Node("Concat", parts, ("axis", axis));

    public Value[] Split(Value x, long axis, int parts) =>
        parts == 1 ? [x] : Node("Split", "", [x], [("axis", axis), ("num_outputs", (long)parts)], x.Type, parts);

    public Value Slice(Value x, long axis, long start, long end) =>
        Node("Slice", x, Integers(start), Integers(end), Integers(axis));

    public Value Slice(Value x, long axis, Value start, Value end) => Node("Slice", x, start, end, Integers(axis));

    public Value Reshape(Value x, params long[] shape) => Node("Reshape", x, Integers(shape));

    public Value Transpose(Value x, params long[] order) => Node("Transpose", [x], ("perm", order));

    public Value Expand(Value x, Value shape) => Node("Expand", x, shape);

    /// <summary>Zeros to add to integers, so that they spread over a shape: asking for a shape would bring the CPU in.</summary>
    public Value Zeros(params long[] shape) =>
        Constant($"zeros[{string.Join(',', shape)}]", TensorType.Int64, name => OnnxMessages.Int64Zeros(name, shape));

    public Value Gather(Value x, Value rows) => Node("Gather", x, rows);

    public Value ToInt64(Value x) => Cast(x, TensorType.Int64);

    public Value Range(Value start, Value end) => Node("Range", start, end, Integer(1));

    public Value IsAtMost(Value a, Value b) => Node("LessOrEqual", "", [a, b], [], TensorType.Boolean)[0];

    public Value Where(Value condition, Value then, Value otherwise) =>
        Node("Where", "", [condition, then, otherwise], [], then.Type)[0];

    /// <summary>x with the updates written over it at the given places of one axis.</summary>
    public Value Overwrite(Value x, long axis, Value places, Value updates) =>
        Node("ScatterElements", [x, places, updates], ("axis", axis));

    /// <summary>Rotary embedding, causal attention and the key/value cache in one node of ONNX Runtime's own.</summary>
    /// <returns>The attended values, and the caches with the new positions written.</returns>
    public (Value Attended, Value Keys, Value Values) GroupQueryAttention(
        GroupQueryInputs inputs,
        long queryHeads,
        long keyValueHeads
    )
    {
        var results = Node(
            "GroupQueryAttention",
            OnnxMessages.ContribDomain,
            [
                inputs.Query,
                inputs.Key,
                inputs.Value,
                inputs.PastKeys,
                inputs.PastValues,
                inputs.LastPosition,
                inputs.TotalLength,
                inputs.Cosines,
                inputs.Sines,
            ],
            [("num_heads", queryHeads), ("kv_num_heads", keyValueHeads), ("do_rotary", 1L)],
            inputs.Query.Type,
            3
        );
        return (results[0], results[1], results[2]);
    }
}

/// <summary>What <c>GroupQueryAttention</c> reads.</summary>
/// <param name="Query"><c>[1, T, H·Dh]</c>, before rotation; key and value alike with Hkv heads.</param>
/// <param name="FirstPosition">Where this run begins, an int32 scalar; the node itself does not read it.</param>
/// <param name="LastPosition">Total length − 1, int32 <c>[1]</c>.</param>
/// <param name="TotalLength">Positions in the cache after this run, an int32 scalar.</param>
internal readonly record struct GroupQueryInputs(
    Value Query,
    Value Key,
    Value Value,
    Value PastKeys,
    Value PastValues,
    Value FirstPosition,
    Value LastPosition,
    Value TotalLength,
    Value Cosines,
    Value Sines
);
