using VibeVoice.Checkpoints;

namespace VibeVoice.Onnx;

/// <summary>
/// The weights of a model, shared by all sessions that name them: each read once into memory of its own, or used where
/// it lies in the checkpoint's mapped files.
/// </summary>
/// <remarks>Must outlive those sessions, and the checkpoint must outlive it. Not thread-safe while it is being filled.</remarks>
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

        tensor = weight.IsMapped
            ? NativeTensor.Over(checkpoint.Halves(weight.Name, weight.Shape), weight.Shape)
            : NativeTensor.Of(weight.Type, weight.Shape);
        _tensors.Add(weight.Name, tensor);
        if (weight.FillHalves is { } fillHalves)
        {
            fillHalves(checkpoint, tensor.Halves);
        }
        else if (!weight.IsMapped)
        {
            weight.Fill(checkpoint, tensor.Floats);
        }

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
