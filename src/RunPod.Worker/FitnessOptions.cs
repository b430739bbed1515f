namespace RunPod.Worker;

/// <summary>What is checked before the first job is taken, on a queue only. Immutable.</summary>
public sealed record FitnessOptions
{
    /// <summary>The worker's own checks, which are never left out. Default: none.</summary>
    public IReadOnlyList<FitnessCheck> Checks { get; init; } = [];

    /// <summary>
    /// Whether memory, disk and network are checked, and the CUDA version where there is a GPU
    /// (<c>RUNPOD_SKIP_AUTO_SYSTEM_CHECKS=true</c> switches it off). Default: true.
    /// </summary>
    public bool ChecksSystem { get; init; } = true;

    /// <summary>
    /// Whether GPUs are checked where there are any (<c>RUNPOD_SKIP_GPU_CHECK=true</c> switches it off). Default: true.
    /// </summary>
    public bool ChecksGpu { get; init; } = true;

    /// <summary>
    /// Least available memory in GiB (<c>RUNPOD_MIN_MEMORY_GB</c>); null: 4 where there is a GPU, and none elsewhere,
    /// since RunPod's CPU flavours may have 2. Default: null.
    /// </summary>
    public double? MinimumMemoryGiB { get; init; }

    /// <summary>
    /// Least free space on <c>/</c>, in percent of its size (<c>RUNPOD_MIN_DISK_PERCENT</c>). Default: 10. A disk with
    /// 5 GiB free is large enough whatever its size.
    /// </summary>
    public double MinimumDiskPercent { get; init; } = 10;

    /// <summary>Least CUDA version of the driver (<c>RUNPOD_MIN_CUDA_VERSION</c>). Default: 11.8.</summary>
    public Version MinimumCudaVersion { get; init; } = new(11, 8);

    /// <summary>
    /// How long the host of the take URL may take to accept a connection (<c>RUNPOD_NETWORK_CHECK_TIMEOUT</c>, seconds).
    /// Default: 5 s.
    /// </summary>
    public TimeSpan NetworkLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A program that tests the GPUs where there are any (<c>RUNPOD_BINARY_GPU_TEST_PATH</c>): it must end with code 0, print
    /// no line with <c>failed</c>, <c>error</c>, <c>cannot</c> or <c>unable</c>, and where it prints <c>Found N GPUs</c>, as
    /// many lines with <c>test passed</c>. Null: it is enough that <c>nvidia-smi</c> lists a GPU. Default: null.
    /// </summary>
    public string? GpuTestProgram { get; init; }

    /// <summary>How long the GPU tools may take (<c>RUNPOD_GPU_TEST_TIMEOUT</c>, seconds). Default: 30 s.</summary>
    public TimeSpan GpuLimit { get; init; } = TimeSpan.FromSeconds(30);
}
