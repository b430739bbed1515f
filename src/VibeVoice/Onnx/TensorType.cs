namespace VibeVoice.Onnx;

/// <summary>Element types, by ONNX's own numbers.</summary>
internal enum TensorType
{
    Float32 = 1,
    Int32 = 6,
    Int64 = 7,
    BFloat16 = 16,
}

/// <summary>Sizes of <see cref="TensorType"/>.</summary>
internal static class TensorTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this TensorType type) =>
        type switch
        {
            TensorType.BFloat16 => sizeof(ushort),
            TensorType.Float32 or TensorType.Int32 => sizeof(float),
            _ => sizeof(long),
        };
}

/// <summary>One dimension of an input or output: a size, or a name for what only the run knows.</summary>
internal readonly record struct Dimension(long Size, string? Symbol)
{
    public static implicit operator Dimension(long size) => new(size, null);

    public static implicit operator Dimension(string symbol) => new(0, symbol);
}
