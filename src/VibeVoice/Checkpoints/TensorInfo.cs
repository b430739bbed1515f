namespace VibeVoice.Checkpoints;

/// <summary>What a file says about one of its tensors.</summary>
/// <param name="Offset">Where its bytes begin, from the start of the file.</param>
internal sealed record TensorInfo(TensorDtype Dtype, long[] Shape, long Offset, long ByteCount)
{
    public long ElementCount => ByteCount / Dtype.Size();
}
