namespace VibeVoice.Onnx;

/// <summary>Element types, by ONNX's own numbers.</summary>
internal enum TensorType
{
    Float32 = 1,
    Int32 = 6,
    Int64 = 7,
}

/// <summary>One dimension of an input or output: a size, or a name for what only the run knows.</summary>
internal readonly record struct Dimension(long Size, string? Symbol)
{
    public static implicit operator Dimension(long size) => new(size, null);

    public static implicit operator Dimension(string symbol) => new(0, symbol);
}
