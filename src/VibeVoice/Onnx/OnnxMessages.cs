using System.Globalization;
using System.Runtime.InteropServices;
using VibeVoice.Onnx.Streaming;

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
            .Message(8, new ProtobufWriter().Text(1, "").Integer(2, OperatorSet))
            .Message(8, new ProtobufWriter().Text(1, ContribDomain).Integer(2, ContribOperatorSet))
            .Message(8, new ProtobufWriter().Text(1, StreamedLinear.Domain).Integer(2, 1))
            .Written.ToArray();

    public static ProtobufWriter Node(
        string name,
        string operation,
        string domain,
        IEnumerable<string> inputs,
        IEnumerable<string> outputs,
        IEnumerable<(string Name, object Value)> attributes
    )
    {
        var node = new ProtobufWriter();
        foreach (var input in inputs)
        {
            node.Text(1, input);
        }

        foreach (var output in outputs)
        {
            node.Text(2, output);
        }

        node.Text(3, name).Text(4, operation);
        foreach (var attribute in attributes)
        {
            node.Message(5, Attribute(attribute.Name, attribute.Value));
        }

        return domain.Length == 0 ? node : node.Text(7, domain);
    }

    public static ProtobufWriter Int64Constant(string name, ReadOnlySpan<long> values, bool isScalar) =>
        Constant(name, TensorType.Int64, MemoryMarshal.AsBytes(values), isScalar ? null : values.Length);

    public static ProtobufWriter Float32Constant(string name, float value) =>
        Constant(name, TensorType.Float32, MemoryMarshal.AsBytes(new ReadOnlySpan<float>(in value)), null);

    public static ProtobufWriter Float32Vector(string name, ReadOnlySpan<float> values) =>
        Constant(name, TensorType.Float32, MemoryMarshal.AsBytes(values), values.Length);

    /// <summary>The file that placeholders name. It must exist, but nobody reads it.</summary>
    public const string PlaceholderFile = "weights-are-given-to-the-session";

    /// <summary>A weight whose numbers come with the session.</summary>
    public static ProtobufWriter WeightPlaceholder(string name, TensorType type, IReadOnlyList<long> shape)
    {
        var tensor = new ProtobufWriter();
        foreach (var size in shape)
        {
            tensor.Integer(1, size);
        }

        var length = shape.Aggregate((long)type.Size(), (product, size) => product * size);
        return tensor
            .Integer(2, (long)type)
            .Text(8, name)
            .Message(13, Entry("location", PlaceholderFile))
            .Message(13, Entry("offset", "0"))
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

    private static ProtobufWriter Constant(string name, TensorType type, ReadOnlySpan<byte> raw, long? length)
    {
        var tensor = new ProtobufWriter();
        if (length is { } size)
        {
            tensor.Integer(1, size);
        }

        return tensor.Integer(2, (long)type).Text(8, name).Bytes(9, raw);
    }

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
