using VibeVoice.Checkpoints;

namespace VibeVoice.Onnx;

/// <summary>The weights of a model, shared by all sessions that name them: each read once into memory of its own.</summary>
/// <param name="checkpoint">Where they are read from; null where graphs have none. Must outlive this.</param>
/// <param name="device">Where sessions want them; the host when null.</param>
/// <remarks>Must outlive those sessions, and be disposed before the device. Not thread-safe while it is being filled.</remarks>
internal sealed class WeightStore(Checkpoint? checkpoint, IDevice? device = null) : IDisposable
{
    private readonly Dictionary<(string Name, TensorType Type, IDevice Place), NativeTensor> _tensors = [];

    public IDevice Device { get; } = device ?? HostDevice.Instance;

    /// <summary>A weight where sessions want it.</summary>
    /// <exception cref="WeightMismatchException">The checkpoint lacks it, or has another shape of it.</exception>
    /// <exception cref="ModelFormatException">It does not fit its type.</exception>
    public NativeTensor Get(Weight weight) => Get(weight, Device);

    /// <summary>A weight that the host reads.</summary>
    /// <exception cref="WeightMismatchException">The checkpoint lacks it, or has another shape of it.</exception>
    /// <exception cref="ModelFormatException">It does not fit its type.</exception>
    public NativeTensor OnHost(Weight weight) => Get(weight, HostDevice.Instance);

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
    }

    private NativeTensor Get(Weight weight, IDevice place)
    {
        if (_tensors.TryGetValue((weight.Name, weight.Type, place), out var tensor))
        {
            return tensor;
        }

        tensor = place.Allocate(weight.Type, weight.Shape);
        _tensors.Add((weight.Name, weight.Type, place), tensor);
        if (place.IsHost && weight.Type == TensorType.Float32)
        {
            weight.Fill(Source(weight), tensor.Floats);
            return tensor;
        }

        var numbers = new float[NativeTensor.LengthOf(TensorType.Float32, weight.Shape) / sizeof(float)];
        weight.Fill(Source(weight), numbers);
        ThrowIfTooLarge(weight, numbers);
        place.Write(tensor, 0, numbers);
        return tensor;
    }

    private Checkpoint Source(Weight weight) =>
        checkpoint ?? throw new InvalidOperationException($"'{weight.Name}' is needed, but there is no checkpoint.");

    private static void ThrowIfTooLarge(Weight weight, ReadOnlySpan<float> numbers)
    {
        if (weight.Type == TensorType.Float16 && HalfRange.FindTooLarge(numbers) is { } found)
        {
            throw new ModelFormatException(
                $"Weight '{weight.Name}' holds {found}, but float16 ends at {HalfRange.Largest}. Load this checkpoint with "
                    + "precision float32."
            );
        }
    }
}
