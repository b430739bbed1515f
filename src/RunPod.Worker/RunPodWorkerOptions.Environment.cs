namespace RunPod.Worker;

/// <content>What the platform says in environment variables, and people in flags.</content>
public sealed partial record RunPodWorkerOptions
{
    /// <summary>Reads this process's environment variables and flags.</summary>
    /// <param name="arguments">The arguments of the program; null: those that the process was started with.</param>
    /// <remarks>Wrong values stop nothing here: <see cref="FindProblems"/> tells them, and so does the worker's start.</remarks>
    public static RunPodWorkerOptions FromProcess(IReadOnlyList<string>? arguments = null)
    {
#pragma warning disable RS0030 // The platform speaks to its workers through these variables: here is where they come in.
        var options = FromEnvironment(Environment.GetEnvironmentVariable);
#pragma warning restore RS0030
        return options.WithFlags(WorkerFlags.Parse(arguments ?? Environment.GetCommandLineArgs()[1..]));
    }

    /// <summary>Reads the variables that RunPod sets in a worker's container.</summary>
    public static RunPodWorkerOptions FromEnvironment(IReadOnlyDictionary<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return FromEnvironment(environment.GetValueOrDefault);
    }

    /// <summary>Reads the variables that RunPod sets in a worker's container.</summary>
    /// <param name="variable">Gives the value of a variable, or null when it is not set.</param>
    public static RunPodWorkerOptions FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var defaults = new RunPodWorkerOptions();
        var warnings = new List<string>();
        var reader = new EnvironmentReader(variable, warnings);
        return defaults with
        {
            TakeUrl = reader.Text("RUNPOD_WEBHOOK_GET_JOB"),
            ResultUrl = reader.Text("RUNPOD_WEBHOOK_POST_OUTPUT"),
            StreamUrl = reader.Text("RUNPOD_WEBHOOK_POST_STREAM"),
            PingUrl = reader.Text("RUNPOD_WEBHOOK_PING"),
            PingInterval = reader.Number("RUNPOD_PING_INTERVAL", 100, 600_000, "milliseconds") is { } milliseconds
                ? TimeSpan.FromMilliseconds(milliseconds)
                : defaults.PingInterval,
            ApiKey = reader.Text("RUNPOD_AI_API_KEY"),
            WorkerId = reader.Text("RUNPOD_POD_ID"),
            PodHostname = reader.Text("RUNPOD_POD_HOSTNAME"),
            EndpointId = reader.Text("RUNPOD_ENDPOINT_ID"),
            GpuTypeId = reader.Text("RUNPOD_GPU_TYPE_ID"),
            Integration = reader.Text("RUNPOD_UA_INTEGRATION"),
            LogLevel = reader.Level("RUNPOD_LOG_LEVEL") ?? reader.Level("RUNPOD_DEBUG_LEVEL") ?? defaults.LogLevel,
            Fitness = ReadFitness(reader, defaults.Fitness),
            Downloads = ReadDownloads(reader, defaults.Downloads),
            Warnings = warnings,
        };
    }

    /// <summary>These options with a command line's flags, which win over the environment.</summary>
    public RunPodWorkerOptions WithFlags(WorkerFlags flags)
    {
        ArgumentNullException.ThrowIfNull(flags);
        return this with { Flags = flags, LogLevel = flags.LogLevel ?? LogLevel };
    }

    private static FitnessOptions ReadFitness(EnvironmentReader reader, FitnessOptions defaults)
    {
        return defaults with
        {
            ChecksSystem = !reader.Flag("RUNPOD_SKIP_AUTO_SYSTEM_CHECKS"),
            ChecksGpu = !reader.Flag("RUNPOD_SKIP_GPU_CHECK"),
            MinimumMemoryGiB = reader.Number("RUNPOD_MIN_MEMORY_GB", 0, 1_000_000, "GiB"),
            MinimumDiskPercent =
                reader.Number("RUNPOD_MIN_DISK_PERCENT", 0, 100, "percent") ?? defaults.MinimumDiskPercent,
            MinimumCudaVersion = reader.Version("RUNPOD_MIN_CUDA_VERSION") ?? defaults.MinimumCudaVersion,
            NetworkLimit = Seconds("RUNPOD_NETWORK_CHECK_TIMEOUT") ?? defaults.NetworkLimit,
            GpuTestProgram = reader.Text("RUNPOD_BINARY_GPU_TEST_PATH"),
            GpuLimit = Seconds("RUNPOD_GPU_TEST_TIMEOUT") ?? defaults.GpuLimit,
        };

        TimeSpan? Seconds(string name) =>
            reader.Number(name, 0.1, 3600, "seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static DownloadOptions ReadDownloads(EnvironmentReader reader, DownloadOptions defaults) =>
        defaults with
        {
            MaximumBytes =
                (long?)reader.Number("RUNPOD_MAX_DOWNLOAD_BYTES", 1, 1L << 50, "bytes") ?? defaults.MaximumBytes,
            AllowsPrivateAddresses =
                reader.Text("RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS")?.ToUpperInvariant() is "1" or "TRUE" or "YES",
        };
}
