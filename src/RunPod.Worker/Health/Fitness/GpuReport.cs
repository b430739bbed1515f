using System.Text.RegularExpressions;

namespace RunPod.Worker.Health.Fitness;

/// <summary>What <c>nvidia-smi</c> says of this machine's GPUs.</summary>
/// <param name="CudaVersion">The newest CUDA that the driver knows; null where it does not say.</param>
/// <param name="Devices">How many GPUs it lists.</param>
internal sealed partial record GpuReport(Version? CudaVersion, int Devices)
{
    /// <summary>Asks; null where there is no GPU: the tool is missing, fails, or says something else.</summary>
    /// <exception cref="TimeoutException">It does not answer, which a broken driver does.</exception>
    public static async Task<GpuReport?> ReadAsync(TimeSpan limit)
    {
        var overview = await AskAsync(limit).ConfigureAwait(false);
        if (overview is null || !overview.Contains("NVIDIA-SMI", StringComparison.Ordinal))
        {
            return null;
        }

        var list = await AskAsync(limit, "--list-gpus").ConfigureAwait(false);
        return Parse(overview, list ?? "");
    }

    /// <param name="overview">The table that it prints without arguments.</param>
    /// <param name="list">What it prints for <c>--list-gpus</c>: <c>GPU 0: NVIDIA L4 (UUID: …)</c>.</param>
    public static GpuReport Parse(string overview, string list)
    {
        var cuda = Cuda.Match(overview);
        var devices = list.Split('\n').Count(line => line.StartsWith("GPU ", StringComparison.Ordinal));
        return new GpuReport(cuda.Success ? Version.Parse(cuda.Groups["version"].ValueSpan) : null, devices);
    }

    [GeneratedRegex(
        @"CUDA Version: *(?<version>\d+\.\d+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Cuda { get; }

    private static async Task<string?> AskAsync(TimeSpan limit, params string[] arguments) =>
        await GpuTool.RunAsync("nvidia-smi", limit, arguments).ConfigureAwait(false) is (0, var text) ? text : null;
}
