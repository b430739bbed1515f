namespace VibeVoice.Devices;

/// <summary>What the CUDA provider of ONNX Runtime 1.26 is linked against.</summary>
internal static class CudaLibraries
{
    public const string Driver = "libcuda.so.1";

    /// <summary>The oldest CUDA whose drivers run what was built with 12.x.</summary>
    public const int Needed = 12_000;

    public static IReadOnlyList<string> OfProvider { get; } =
    ["libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcurand.so.10", "libcufft.so.11", "libcudnn.so.9"];
}
