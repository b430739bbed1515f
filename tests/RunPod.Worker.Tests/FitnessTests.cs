using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Health.Fitness;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

[Collection(ProcessesCollection.Name)]
public sealed class FitnessTests
{
    [Fact]
    public async Task A_worker_on_a_good_machine_passes_all_checks_and_takes_jobs()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { Fitness = new FitnessOptions() }
        );

        runPod.Enqueue("j-1", "1");

        await runPod.ResultOf("j-1");
    }

    [Fact]
    public async Task A_check_that_fails_is_told_to_the_platform_and_ends_the_worker_before_it_takes_a_job()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = StartWith(
            runPod,
            new FitnessCheck("model", _ => throw new FileNotFoundException("No weights & no voices."))
        );

        (await worker.Ended).ShouldBe(1);

        var ping = runPod.RequestsTo(RunPodRoute.Ping).ShouldHaveSingleItem();
        ping.Query.ShouldMatch(
            @"^status=unhealthy&check=model&reason=FileNotFoundException%3A%20No%20weights%20%26%20no%20voices\.&runpod_version=\d"
        );
        ping.Headers["Authorization"].ShouldBe("rpa_FAKE");
        runPod.RequestsTo(RunPodRoute.Take).ShouldBeEmpty();
        worker.HasLogged(LogLevel.Critical, "'model' failed: No weights & no voices.").ShouldBeTrue();
    }

    [Fact]
    public async Task Checks_run_side_by_side_and_the_first_failure_ends_the_wait()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var both = new Barrier(2);
        var watch = Stopwatch.StartNew();
        await using var worker = StartWith(
            runPod,
            new FitnessCheck("a", token => Task.Run(() => both.SignalAndWait(token), token)),
            new FitnessCheck("b", token => Task.Run(() => both.SignalAndWait(token), token)),
            new FitnessCheck("slow", token => Task.Delay(TimeSpan.FromMinutes(1), token)),
            new FitnessCheck("hangs", _ => Task.Delay(TimeSpan.FromMinutes(1), CancellationToken.None))
            {
                Limit = TimeSpan.FromMilliseconds(500),
            }
        );

        (await worker.Ended).ShouldBe(1);

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        runPod.RequestsTo(RunPodRoute.Ping)[0].Query.ShouldContain("check=hangs&reason=TimeoutException");
        both.CurrentPhaseNumber.ShouldBe(1);
    }

    [Fact]
    public async Task A_platform_that_cannot_be_reached_fails_the_network_check()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options =>
                options with
                {
                    TakeUrl = "http://127.0.0.1:1/job-take/$ID",
                    Fitness = new FitnessOptions { NetworkLimit = TimeSpan.FromMilliseconds(400) },
                }
        );

        (await worker.Ended).ShouldBe(1);

        worker.HasLogged(LogLevel.Critical, "'network' failed").ShouldBeTrue();
        runPod.RequestsTo(RunPodRoute.Ping)[0].Query.ShouldContain("check=network");
    }

    [Fact]
    public async Task A_memory_floor_is_an_option()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { Fitness = new FitnessOptions { MinimumMemoryGiB = 1_000_000 } }
        );

        (await worker.Ended).ShouldBe(1);

        worker.HasLogged(LogLevel.Critical, "'memory' failed").ShouldBeTrue();
    }

    [Fact]
    public async Task A_stop_during_the_checks_ends_the_worker_well()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = StartWith(
            runPod,
            new FitnessCheck("slow", token => Task.Delay(TimeSpan.FromMinutes(1), token))
        );

        worker.Stop();

        (await worker.Ended).ShouldBe(0);
        runPod.RequestsTo(RunPodRoute.Take).ShouldBeEmpty();
    }

    [Fact]
    public void The_variables_of_the_platform_set_the_checks()
    {
        var variables = new Dictionary<string, string?>
        {
            ["RUNPOD_SKIP_AUTO_SYSTEM_CHECKS"] = "True",
            ["RUNPOD_SKIP_GPU_CHECK"] = "1",
            ["RUNPOD_MIN_MEMORY_GB"] = "2.5",
            ["RUNPOD_MIN_DISK_PERCENT"] = "5",
            ["RUNPOD_MIN_CUDA_VERSION"] = "12.4",
            ["RUNPOD_NETWORK_CHECK_TIMEOUT"] = "7",
            ["RUNPOD_GPU_TEST_TIMEOUT"] = "20",
            ["RUNPOD_BINARY_GPU_TEST_PATH"] = "/opt/gpu_test",
        };

        var fitness = RunPodWorkerOptions.FromEnvironment(variables).Fitness;

        fitness.ChecksSystem.ShouldBeFalse();
        fitness.ChecksGpu.ShouldBeTrue(); // only the word counts
        fitness.MinimumMemoryGiB.ShouldBe(2.5);
        fitness.MinimumDiskPercent.ShouldBe(5);
        fitness.MinimumCudaVersion.ShouldBe(new Version(12, 4));
        fitness.NetworkLimit.ShouldBe(TimeSpan.FromSeconds(7));
        fitness.GpuLimit.ShouldBe(TimeSpan.FromSeconds(20));
        fitness.GpuTestProgram.ShouldBe("/opt/gpu_test");
    }

    [Fact]
    public void What_nvidia_smi_prints_is_understood()
    {
        var report = GpuReport.Parse(
            "| NVIDIA-SMI 550.54.15   Driver Version: 550.54.15   CUDA Version: 12.4     |\n",
            "GPU 0: NVIDIA L4 (UUID: GPU-1)\nGPU 1: NVIDIA L4 (UUID: GPU-2)\n"
        );

        report.CudaVersion.ShouldBe(new Version(12, 4));
        report.Devices.ShouldBe(2);
        GpuReport.Parse("| NVIDIA-SMI |", "No devices found.").ShouldBe(new GpuReport(null, 0));
    }

    [Theory]
    [InlineData(0, "CUDA Driver Version: 12.2\nFound 1 GPUs:\nGPU 0: L4\nGPU 0 memory allocation test passed.\n", null)]
    [InlineData(0, "all is well", null)]
    [InlineData(0, "Found 2 GPUs:\nGPU 0 memory allocation test passed.\n", "found 2 GPU(s), of which 1 passed")]
    [InlineData(0, "Found 1 GPUs:\nGPU 0 memory allocation FAILED\n", "says: GPU 0 memory allocation FAILED")]
    [InlineData(3, "", "ended with code 3")]
    public void What_a_gpu_test_says_is_its_verdict(int exitCode, string output, string? problem) =>
        GpuTest.FindProblem(exitCode, output).ShouldBe(problem);

    private static TestWorker StartWith(FakeRunPod runPod, params FitnessCheck[] checks) =>
        TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { Fitness = TestWorker.NoChecks with { Checks = checks } }
        );
}
