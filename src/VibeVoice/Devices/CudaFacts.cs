namespace VibeVoice.Devices;

/// <summary>What of CUDA there is on this machine and in this build; <see cref="Problem"/> says what is lacking.</summary>
internal sealed record CudaFacts
{
    /// <summary>Whether the build's ONNX Runtime has the CUDA provider.</summary>
    public bool IsInTheBuild { get; init; }

    /// <summary>Whether NVIDIA's driver library was found.</summary>
    public bool HasDriver { get; init; }

    /// <summary>What the driver said when it was woken; 0 is success.</summary>
    public int DriverAnswer { get; init; }

    /// <summary>The newest CUDA that the driver runs, 1000 · major + 10 · minor.</summary>
    public int DriverVersion { get; init; }

    /// <summary>The GPUs, by name.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>Libraries of CUDA and cuDNN that the provider is linked against and that were not found.</summary>
    public IReadOnlyList<string> MissingLibraries { get; init; } = [];

    /// <summary>Libraries of other major versions that lie where the loader looks.</summary>
    public IReadOnlyList<string> OtherLibraries { get; init; } = [];

    /// <summary>CUDA's runtime library, 1000 · major + 10 · minor; 0 where it does not tell.</summary>
    public int RuntimeVersion { get; init; }

    /// <summary>cuDNN, 10000 · major + 100 · minor + patch; 0 where it does not tell.</summary>
    public int CudnnVersion { get; init; }

    /// <summary>What there is, for the log: the first GPU, and the versions.</summary>
    public string Description =>
        $"{Devices[0]}, driver for CUDA {Version(DriverVersion)}, CUDA {Version(RuntimeVersion)} and cuDNN "
        + $"{CudnnVersion / 10_000}.{CudnnVersion % 10_000 / 100}.{CudnnVersion % 100} (12 and 9 are needed)";

    /// <summary>One sentence on what is found and what is needed; null when nothing is lacking.</summary>
    public string? Problem =>
        this switch
        {
            { IsInTheBuild: false } =>
                "This build of the program computes on the CPU only: it has ONNX Runtime without CUDA "
                    + "(docs/gpu.md says how to build it with).",
            { HasDriver: false } =>
                $"There is no NVIDIA driver here ({CudaLibraries.Driver} was not found): CUDA needs a GPU, its driver, and "
                    + "a container that was started with access to them ('--gpus all').",
            { DriverAnswer: CudaDriver.NoDevice } or { DriverAnswer: 0, Devices.Count: 0 } =>
                "The NVIDIA driver is here, but shows no GPU: start the container with access to one ('--gpus all'), and see "
                    + "that CUDA_VISIBLE_DEVICES does not hide it.",
            { DriverAnswer: not 0 } =>
                $"The NVIDIA driver answered with CUDA error {DriverAnswer} when it was woken; see what 'nvidia-smi' says: the "
                    + "driver's library and its kernel module may be of different versions.",
            { DriverVersion: < CudaLibraries.Needed } =>
                $"The NVIDIA driver runs CUDA {Version(DriverVersion)} at most, but this build needs CUDA "
                    + $"{Version(CudaLibraries.Needed)} or newer: update the driver to 525 or newer, or choose another machine.",
            { MissingLibraries.Count: > 0 } =>
                $"Of CUDA's libraries {string.Join(", ", MissingLibraries)} cannot be loaded: this build needs CUDA 12 and "
                    + $"cuDNN 9 installed where the loader finds them (LD_LIBRARY_PATH); other major versions do not do{Instead}.",
            _ => null,
        };

    private string Instead => OtherLibraries.Count == 0 ? "" : $", and found were {string.Join(", ", OtherLibraries)}";

    private static string Version(int version) => $"{version / 1000}.{version % 1000 / 10}";
}
