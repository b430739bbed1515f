using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

[Collection(ProcessesCollection.Name)]
public sealed class ShutdownTests
{
    [Fact]
    public async Task An_idle_worker_ends_at_once_although_polls_are_open()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.Hold = TimeSpan.FromSeconds(30);
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Stop).Count == 1, "both polls");
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Take).Count == 1, "both polls");
        var watch = Stopwatch.StartNew();

        worker.Stop();

        (await worker.Ended).ShouldBe(0);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromMilliseconds(700));
    }

    [Fact]
    public async Task A_running_job_finishes_and_its_result_arrives_before_the_end()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var started = new SemaphoreSlim(0);
        var isToldToStop = false;
        await using var worker = TestWorker.Start(
            runPod,
            async (job, token) =>
            {
                started.Release();
                await Task.Delay(500, token);
                isToldToStop = job.WorkerStopping.IsCancellationRequested;
                return TestWorker.Json("1");
            }
        );
        runPod.Enqueue("j-1");
        await started.WaitAsync(TestContext.Current.CancellationToken);
        runPod.FaultNext(RunPodRoute.Result, new Fault.Status(500));
        runPod.Enqueue("j-2");

        worker.Stop();

        (await worker.Ended).ShouldBe(0);
        isToldToStop.ShouldBeTrue();
        runPod.ResultsOf("j-1").Count.ShouldBe(1);
        runPod.ResultsOf("j-2").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_whose_delivery_has_begun_is_run_although_the_worker_stops()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var slow = SlowTakeServer.Start("""{"id": "j-1", "input": 1}""");
        var options = RunPodWorkerOptions.FromEnvironment(runPod.Environment()) with
        {
            TakeUrl = $"{slow.Address}/job-take/$ID",
            LoggerFactory = NullLoggerFactory.Instance,
            StopsOnSignals = false,
        };
        using var stopping = new CancellationTokenSource();
        var ended = RunPodWorker.RunAsync(TestWorker.Echo, options, stopping.Token);
        await FakeRunPod.WaitForAsync(() => slow.HeadersSent.IsCancellationRequested, "the headers");
        await Task.Delay(100, TestContext.Current.CancellationToken);

        await stopping.CancelAsync();
        await Task.Delay(300, TestContext.Current.CancellationToken);
        slow.SendBody();

        (await ended).ShouldBe(0);
        runPod.ResultsOf("j-1").Count.ShouldBe(1);
    }

    [Fact]
    public async Task Past_the_drain_deadline_jobs_fail_with_the_reason()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var clock = new FakeTimeProvider();
        var reason = JobCancellationReason.None;
        await using var worker = TestWorker.Start(
            runPod,
            async (job, token) =>
            {
                await using var _ = token.Register(() => reason = job.CancellationReason);
                return await TestWorker.Wait(job, token);
            },
            options => options with { TimeProvider = clock, DrainTimeout = TimeSpan.FromMinutes(10) }
        );
        runPod.EnqueueRaw("""[{"id":"running","input":1},{"id":"waiting","input":1}]""");
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Take).Count > 0, "the take");
        await Task.Delay(100, TestContext.Current.CancellationToken);

        worker.Stop();
        await TestWorker.AdvanceUntilAsync(clock, TimeSpan.FromSeconds(5), () => worker.Ended.IsCompleted, "the end");

        (await worker.Ended).ShouldBe(0);
        reason.ShouldBe(JobCancellationReason.WorkerStopping);
        foreach (var jobId in new[] { "running", "waiting" })
        {
            (await runPod.ResultOf(jobId)).GetProperty("error").GetString()!.ShouldContain("asked to stop");
        }
    }

    [Fact]
    public async Task A_handler_that_ignores_the_deadline_is_left_behind_and_its_job_answered()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var release = new SemaphoreSlim(0);
        await using var worker = TestWorker.Start(
            runPod,
            async (_, _) =>
            {
                await release.WaitAsync(CancellationToken.None);
                return TestWorker.Json("1");
            },
            options =>
                options with
                {
                    DrainTimeout = TimeSpan.FromMilliseconds(100),
                    CancellationGrace = TimeSpan.FromMilliseconds(100),
                }
        );
        runPod.Enqueue("j-1");
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Take).Count > 0, "the take");
        await Task.Delay(100, TestContext.Current.CancellationToken);

        worker.Stop();

        (await worker.Ended).ShouldBe(0);
        (await runPod.ResultOf("j-1")).GetProperty("error").GetString()!.ShouldContain("asked to stop");
        worker.HasLogged(LogLevel.Error, "the handler goes on").ShouldBeTrue();
        release.Release();
    }

    [Fact]
    public async Task A_job_over_its_time_limit_fails_with_the_limit_and_the_next_one_runs()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            (job, token) => job.Id is "j-1" ? TestWorker.Wait(job, token) : TestWorker.Echo(job, token),
            options => options with { JobTimeout = TimeSpan.FromMilliseconds(1500) }
        );

        runPod.Enqueue("j-1");
        runPod.Enqueue("j-2", "2");

        (await runPod.ResultOf("j-1"))
            .GetProperty("error")
            .GetString()!
            .ShouldStartWith("The job took longer than 1.5 seconds");
        (await runPod.ResultOf("j-2")).GetProperty("output").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task A_handler_that_cancels_itself_has_a_bug_and_was_not_stopped()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(runPod, (_, _) => throw new TaskCanceledException("its own timeout"));

        runPod.Enqueue("j-1");

        (await runPod.ResultOf("j-1")).GetProperty("error").GetString()!.ShouldContain("its own timeout");
    }
}
