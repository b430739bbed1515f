using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Health.Fitness;

/// <summary>The checks that every worker gets: memory, disk, network, and the GPU where there is one.</summary>
internal static partial class SystemChecks
{
    private static readonly Task<GpuReport?> NoGpu = Task.FromResult<GpuReport?>(null);

    private const double GpuMemoryFloorGiB = 4;
    private const double GiB = 1024.0 * 1024 * 1024;

    /// <summary>So much room is enough on a disk of any size.</summary>
    private const double LargeEnoughDiskGiB = 5;

    public static IEnumerable<FitnessCheck> For(RunPodWorkerOptions options, RunPodUrls urls, ILogger logger)
    {
        var fitness = options.Fitness;
        // One question for all that want to know; the checks wait for the answer with their own limits.
        var gpu = fitness.ChecksSystem || fitness.ChecksGpu ? GpuReport.ReadAsync(fitness.GpuLimit) : NoGpu;
        if (fitness.ChecksSystem)
        {
            yield return new FitnessCheck("memory", token => CheckMemoryAsync(fitness.MinimumMemoryGiB, gpu, token));
            yield return new FitnessCheck("disk", _ => CheckDiskAsync(fitness.MinimumDiskPercent));
            yield return new FitnessCheck("network", token => CheckNetworkAsync(urls.TakeHost, token))
            {
                Limit = fitness.NetworkLimit,
            };
            yield return new FitnessCheck(
                "cuda",
                token => CheckCudaAsync(fitness.MinimumCudaVersion, gpu, logger, token)
            );
        }

        if (fitness.ChecksGpu)
        {
            yield return new FitnessCheck("gpu", token => CheckGpuAsync(fitness, gpu, token));
        }
    }

    /// <summary>
    /// By the machine's view, as the platform's own client does: what the container may use is less on the small CPU
    /// flavours, which are healthy all the same.
    /// </summary>
    private static async Task CheckMemoryAsync(double? floorGiB, Task<GpuReport?> gpu, CancellationToken token)
    {
        const string table = "/proc/meminfo";
        var floor = floorGiB ?? (await gpu.WaitAsync(token).ConfigureAwait(false) is null ? 0 : GpuMemoryFloorGiB);
        if (floor <= 0 || !File.Exists(table))
        {
            return;
        }

        var lines = await File.ReadAllLinesAsync(table, token).ConfigureAwait(false);
        var line = Array.Find(lines, line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        if (
            line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..]
            && double.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024 / GiB is var available
            && available < floor
        )
        {
            throw Failed($"{available:0.0} GiB of memory are available, but {floor:0.0} are needed.");
        }
    }

    private static Task CheckDiskAsync(double leastPercent)
    {
        var disk = new DriveInfo("/");
        var percent = 100.0 * disk.AvailableFreeSpace / Math.Max(1, disk.TotalSize);
        var free = disk.AvailableFreeSpace / GiB;
        return percent >= leastPercent || free >= LargeEnoughDiskGiB
            ? Task.CompletedTask
            : throw Failed($"{free:0.0} GiB ({percent:0.0} %) of / are free, but {leastPercent:0.0} % are needed.");
    }

    /// <summary>Whether the platform can be reached at all; tried again for as long as the limit allows.</summary>
    private static async Task CheckNetworkAsync(Uri host, CancellationToken token)
    {
        while (true)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            SocketException problem;
            try
            {
                await socket.ConnectAsync(host.IdnHost, host.Port, token).ConfigureAwait(false);
                return;
            }
            catch (SocketException e)
            {
                problem = e;
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                throw Failed($"{host.IdnHost}:{host.Port} cannot be reached: {problem.Message}.");
            }
        }
    }

    private static async Task CheckCudaAsync(
        Version least,
        Task<GpuReport?> gpu,
        ILogger logger,
        CancellationToken token
    )
    {
        if (await gpu.WaitAsync(token).ConfigureAwait(false) is not { } report)
        {
            return;
        }

        if (report.CudaVersion is not { } version)
        {
            Log.CudaUnknown(logger);
        }
        else if (version < least)
        {
            throw Failed($"The driver's CUDA version is {version}, but {least} is needed.");
        }
    }

    private static async Task CheckGpuAsync(FitnessOptions fitness, Task<GpuReport?> gpu, CancellationToken token)
    {
        if (await gpu.WaitAsync(token).ConfigureAwait(false) is not { } report)
        {
            return;
        }

        var problem = report.Devices == 0 ? "nvidia-smi runs, but lists no GPU." : null;
        if (fitness.GpuTestProgram is { } program)
        {
            problem ??= await GpuTest
                .FindProblemAsync(program, fitness.GpuLimit)
                .WaitAsync(token)
                .ConfigureAwait(false);
        }

        if (problem is not null)
        {
            throw Failed(problem);
        }
    }

    private static InvalidOperationException Failed(FormattableString reason) =>
        new(FormattableString.Invariant(reason));

    private static InvalidOperationException Failed(string reason) => new(reason);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "nvidia-smi does not tell the CUDA version; it is taken for good.")]
        public static partial void CudaUnknown(ILogger logger);
    }
}
