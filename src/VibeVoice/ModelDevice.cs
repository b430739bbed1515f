namespace VibeVoice;

/// <summary>Where a model computes.</summary>
/// <remarks>A value: safe to share between threads, nothing to dispose.</remarks>
public enum ModelDevice
{
    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU: in a build with the CUDA package of ONNX Runtime, on a machine that has one.</summary>
    Cuda,

    /// <summary>CUDA where it can be used, else the processor; <see cref="DeviceChoice"/> says which and why.</summary>
    Auto,
}
