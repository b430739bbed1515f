namespace VibeVoice.Devices;

/// <summary>What the CUDA provider of ONNX Runtime 1.26 is linked against.</summary>
internal static class CudaLibraries
{
    public const string Driver = "libcuda.so.1";

    /// <summary>Holds <c>cudaRuntimeGetVersion</c>.</summary>
    public const string Runtime = "libcudart.so.12";

    /// <summary>Holds <c>cudnnGetVersion</c>.</summary>
    public const string Cudnn = "libcudnn.so.9";

    /// <summary>The oldest CUDA whose drivers run what was built with 12.x.</summary>
    public const int Needed = 12_000;

    public static IReadOnlyList<string> OfProvider { get; } =
    [Runtime, "libcublas.so.12", "libcublasLt.so.12", "libcurand.so.10", "libcufft.so.11", Cudnn];

    /// <summary>Other major versions of the two that people install, looked for to say what was found instead.</summary>
    public static IReadOnlyList<string> OfOtherVersions { get; } =
    ["libcudart.so.11.0", "libcudart.so.13", "libcudart.so.14", "libcudnn.so.8", "libcudnn.so.10"];
}
