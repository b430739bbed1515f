using VibeVoice.Checkpoints;

namespace VibeVoice.Onnx;

/// <summary>The weights of a model, each read once into memory of its own and shared by all sessions that name it.</summary>
/// <remarks>Must outlive those sessions. Not thread-safe while it is being filled.</remarks>
internal sealed class WeightStore(Checkpoint checkpoint) : IDisposable
{
    private readonly Dictionary<string, NativeTensor> _tensors = new(StringComparer.Ordinal);

    /// <exception cref="WeightMismatchException">The checkpoint lacks it, or has another shape of it.</exception>
    public NativeTensor Get(Weight weight)
    {
        if (_tensors.TryGetValue(weight.Name, out var tensor))
        {
            return tensor;
        }

        tensor = NativeTensor.OfFloats(weight.Shape);
        _tensors.Add(weight.Name, tensor);
        weight.Fill(checkpoint, tensor.Floats);
        return tensor;
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
    }
}
