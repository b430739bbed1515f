using System.Globalization;
using System.Runtime.InteropServices;

namespace VibeVoice.Onnx;

/// <summary>The messages of onnx.proto3 that are used here, with their field numbers: the only place that knows them.</summary>
internal static class OnnxMessages
{
    // IR 10 and operator set 21: ONNX Runtime 1.26, the last on CUDA 12, opens both.
    private const long IrVersion = 10;
    private const long OperatorSet = 21;
    private const long ContribOperatorSet = 1;

    public const string ContribDomain = "com.microsoft";

    public static byte[] Model(ProtobufWriter graph) =>
        new ProtobufWriter()
            .Integer(1, IrVersion)
            .Text(2, "VibeVoice")
            .Message(7, graph)
            .Message(8, Domain("", OperatorSet))
            .Message(8, Domain(ContribDomain, ContribOperatorSet))
            .Written.ToArray();

    public static ProtobufWriter Node(GraphNode node)
    {
        var message = new ProtobufWriter();
        foreach (var input in node.Inputs)
        {
            message.Text(1, input.Name);
        }

        foreach (var output in node.Outputs)
        {
            message.Text(2, output.Name);
        }

        message.Text(3, node.Name).Text(4, node.Operation);
        foreach (var attribute in node.Attributes)
        {
            message.Message(5, Attribute(attribute.Name, attribute.Value));
        }

        return node.Domain.Length == 0 ? message : message.Text(7, node.Domain);
    }

    public static ProtobufWriter Int64Constant(string name, ReadOnlySpan<long> values, bool isScalar) =>
        Constant(name, TensorType.Int64, MemoryMarshal.AsBytes(values), isScalar ? null : values.Length);

    public static ProtobufWriter Float32Constant(string name, float value) =>
        Constant(name, TensorType.Float32, MemoryMarshal.AsBytes(new ReadOnlySpan<float>(in value)), null);

    public static ProtobufWriter Int64Zeros(string name, IReadOnlyList<long> shape) =>
        Tensor(shape)
            .Integer(2, (long)TensorType.Int64)
            .Text(8, name)
            .Bytes(9, new byte[shape.Aggregate((long)sizeof(long), (product, size) => product * size)]);

    public static ProtobufWriter Vector(string name, TensorType type, ReadOnlySpan<byte> raw) =>
        Constant(name, type, raw, raw.Length / type.Size());

    /// <summary>The file that placeholders name. It must exist, but is read only by processors that have no float16.</summary>
    public const string PlaceholderFile = "weights-are-given-to-the-session";

    /// <summary>A weight whose numbers come with the session.</summary>
    public static ProtobufWriter WeightPlaceholder(string name, TensorType type, IReadOnlyList<long> shape, long offset)
    {
        var length = shape.Aggregate((long)type.Size(), (product, size) => product * size);
        return Tensor(shape)
            .Integer(2, (long)type)
            .Text(8, name)
            .Message(13, Entry("location", PlaceholderFile))
            .Message(13, Entry("offset", offset.ToString(CultureInfo.InvariantCulture)))
            .Message(13, Entry("length", length.ToString(CultureInfo.InvariantCulture)))
            .Integer(14, 1); // EXTERNAL
    }

    /// <summary>The name, element type and shape of a graph's input or output; a dimension is a size or a name.</summary>
    public static ProtobufWriter ValueInfo(string name, TensorType type, IEnumerable<Dimension> shape)
    {
        var dimensions = new ProtobufWriter();
        foreach (var dimension in shape)
        {
            var message = new ProtobufWriter();
            dimensions.Message(
                1,
                dimension.Symbol is { } symbol ? message.Text(2, symbol) : message.Integer(1, dimension.Size)
            );
        }

        var tensor = new ProtobufWriter().Integer(1, (long)type).Message(2, dimensions);
        return new ProtobufWriter().Text(1, name).Message(2, new ProtobufWriter().Message(1, tensor));
    }

    private static ProtobufWriter Constant(string name, TensorType type, ReadOnlySpan<byte> raw, long? length) =>
        Tensor(length is { } size ? [size] : []).Integer(2, (long)type).Text(8, name).Bytes(9, raw);

    private static ProtobufWriter Tensor(IReadOnlyList<long> shape)
    {
        var tensor = new ProtobufWriter();
        foreach (var size in shape)
        {
            tensor.Integer(1, size);
        }

        return tensor;
    }

    private static ProtobufWriter Domain(string name, long version) =>
        new ProtobufWriter().Text(1, name).Integer(2, version);

    private static ProtobufWriter Entry(string key, string value) => new ProtobufWriter().Text(1, key).Text(2, value);

    private static ProtobufWriter Attribute(string name, object value)
    {
        var attribute = new ProtobufWriter().Text(1, name);
        switch (value)
        {
            case float number:
                return attribute.Float(2, number).Integer(20, 1);
            case long number:
                return attribute.Integer(3, number).Integer(20, 2);
            case long[] numbers:
                foreach (var number in numbers)
                {
                    attribute.Integer(8, number);
                }

                return attribute.Integer(20, 7);
            default:
                throw new NotSupportedException($"An attribute of type '{value.GetType()}' ('{name}').");
        }
    }
}
