using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx;

/// <summary>Where sessions compute, and where weights and what lasts between runs are kept.</summary>
/// <remarks>Must outlive its sessions and tensors. What goes in and out of a run is always on the host.</remarks>
internal interface IDevice : IDisposable
{
    /// <summary>Whether it computes in the host's memory, so that a tensor bound once is read at every run.</summary>
    bool IsHost { get; }

    /// <summary>Whether it multiplies in float16; a processor only pretends to.</summary>
    bool HasFloat16 { get; }

    /// <summary>Makes sessions with these options compute here and nowhere else.</summary>
    void Configure(SessionOptions options);

    /// <summary>Memory for what lasts between runs, zero at first.</summary>
    NativeTensor Allocate(TensorType type, params long[] shape);

    /// <summary>Writes numbers into a tensor of this device, from a place on, in the tensor's type.</summary>
    void Write(NativeTensor destination, long start, ReadOnlySpan<float> numbers);
}
