using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx;

/// <summary>The processor and its memory.</summary>
internal sealed class HostDevice : IDevice
{
    public static HostDevice Instance { get; } = new();

    public bool IsHost => true;

    public bool HasFloat16 => false;

    public void Configure(SessionOptions options) { }

    public NativeTensor Allocate(TensorType type, params long[] shape) => NativeTensor.OnHost(type, shape);

    public void Write(NativeTensor destination, long start, ReadOnlySpan<float> numbers)
    {
        if (destination.Type == TensorType.Float32)
        {
            numbers.CopyTo(destination.Floats[(int)start..]);
        }
        else
        {
            TensorPrimitives.ConvertToHalf(numbers, destination.Halves[(int)start..]); // to the nearest, ties to even
        }
    }

    public void Dispose() { }
}
