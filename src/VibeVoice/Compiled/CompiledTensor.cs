namespace VibeVoice.Compiled;

/// <summary>A tensor as an engine wants it: laid out, quantised where it is to be, and computed once.</summary>
/// <param name="Name">Unique among those of one engine.</param>
/// <param name="Bytes">Its size, from 1.</param>
/// <param name="Fill">Writes every byte of the memory that it is given; called once, on any thread, beside others.</param>
internal sealed record CompiledTensor(string Name, long Bytes, CompiledTensor.FillMemory Fill)
{
    /// <param name="destination">As long as the tensor, aligned to 64 bytes, with anything in it.</param>
    public delegate void FillMemory(Span<byte> destination);

    /// <exception cref="ArgumentException">There are none, a name occurs twice, or a size cannot be.</exception>
    public static void Check(IReadOnlyList<CompiledTensor> tensors)
    {
        if (tensors.Count == 0)
        {
            throw new ArgumentException("There are no tensors, but at least one is expected.", nameof(tensors));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"Tensor '{tensor.Name}' occurs twice.", nameof(tensors));
            }

            if (tensor.Bytes is < 1 or > int.MaxValue)
            {
                throw new ArgumentException(
                    $"Tensor '{tensor.Name}' has {tensor.Bytes} bytes, but 1 to {int.MaxValue} are possible.",
                    nameof(tensors)
                );
            }
        }
    }
}
