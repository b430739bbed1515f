namespace VibeVoice.Checkpoints;

/// <summary>A tensor to be written.</summary>
/// <param name="Fill">Gives the bytes of the elements from an index on; called for many ranges, on several threads.</param>
internal sealed record TensorSource(string Name, TensorDtype Dtype, long[] Shape, TensorSource.FillRange Fill)
{
    public delegate void FillRange(long firstElement, Span<byte> destination);

    public long ElementCount => Shape.Aggregate(1L, (product, size) => checked(product * size));
}
