using System.Runtime.Versioning;
using Testing.RunPod;

namespace RunPod.Worker.Tests.Echo;

/// <summary>The worker on a machine whose tools say that it has a GPU.</summary>
[UnsupportedOSPlatform("windows")]
[Collection(ProcessesCollection.Name)]
public sealed class GpuCheckTests : IDisposable
{
    private const string OneGpu = """
        [ "$1" = --list-gpus ] && echo "GPU 0: NVIDIA L4 (UUID: GPU-1)" || echo "| NVIDIA-SMI 550.54  CUDA Version: 12.4 |"
        """;

    private readonly DirectoryInfo _tools = Directory.CreateTempSubdirectory("gpu-tools-");

    public void Dispose() => _tools.Delete(recursive: true);

    [Theory]
    [InlineData(OneGpu, "echo 'GPU 0 memory allocation test passed.'")]
    [InlineData(OneGpu, null)]
    [InlineData("exit 9", "exit 1")]
    public async Task Where_the_gpu_is_well_or_missing_jobs_are_taken(string nvidiaSmi, string? gpuTest)
    {
        await using var stage = await StartAsync(nvidiaSmi, gpuTest);

        await stage.UntilReadyAsync();
    }

    [Theory]
    [InlineData("echo NVIDIA-SMI", null, "check=gpu&reason=InvalidOperationException%3A%20nvidia-smi%20runs")]
    [InlineData("echo 'NVIDIA-SMI CUDA Version: 11.2'", null, "check=cuda&reason=")]
    [InlineData(OneGpu, "echo 'GPU 0: unable to allocate'", "says%3A%20GPU%200%3A%20unable%20to%20allocate")]
    [InlineData(OneGpu, "exit 2", "ended%20with%20code%202")]
    [InlineData(OneGpu, "", "cannot%20be%20started")]
    public async Task Where_it_is_not_the_worker_says_so_and_ends(string nvidiaSmi, string? gpuTest, string report)
    {
        await using var stage = await StartAsync(nvidiaSmi, gpuTest);

        (await stage.Program.ExitAsync()).ShouldBe(1);

        stage.RunPod.RequestsTo(RunPodRoute.Ping).ShouldHaveSingleItem().Query.ShouldContain(report);
        stage.RunPod.CountOf(RunPodRoute.Take).ShouldBe(0);
    }

    private Task<EchoStage> StartAsync(string nvidiaSmi, string? gpuTest)
    {
        WriteScript("nvidia-smi", nvidiaSmi);
        if (gpuTest is { Length: > 0 })
        {
            WriteScript("gpu-test", gpuTest);
        }

        return EchoStage.StartAsync(
            settings:
            [
                ("PATH", _tools.FullName),
                ("RUNPOD_MIN_MEMORY_GB", "0"),
                ("RUNPOD_BINARY_GPU_TEST_PATH", gpuTest is null ? null : Path.Combine(_tools.FullName, "gpu-test")),
            ]
        );
    }

    private void WriteScript(string name, string body)
    {
        var path = Path.Combine(_tools.FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
