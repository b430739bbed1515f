using Microsoft.ML.OnnxRuntime.Tensors;

namespace VibeVoice.Onnx;

/// <summary>Element types, by ONNX's own numbers.</summary>
internal enum TensorType
{
    Float32 = 1,
    Int32 = 6,
    Int64 = 7,
    Boolean = 9,
    Float16 = 10,
}

/// <summary>What is known of element types.</summary>
internal static class TensorTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this TensorType type) =>
        type switch
        {
            TensorType.Boolean => sizeof(bool),
            TensorType.Float16 => sizeof(ushort),
            TensorType.Int64 => sizeof(long),
            _ => sizeof(float),
        };

    /// <summary>The runtime's name for it; the numbers are the same.</summary>
    public static TensorElementType OfRuntime(this TensorType type) => (TensorElementType)type;
}

/// <summary>One dimension of an input or output: a size, or a name for what only the run knows.</summary>
internal readonly record struct Dimension(long Size, string? Symbol)
{
    public static implicit operator Dimension(long size) => new(size, null);

    public static implicit operator Dimension(string symbol) => new(0, symbol);
}
