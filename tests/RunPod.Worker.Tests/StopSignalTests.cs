using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RunPod.Worker.Jobs;
using RunPod.Worker.Protocol;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

[Collection(ProcessesCollection.Name)]
public sealed class StopSignalTests
{
    [Fact]
    public async Task A_stopped_job_is_cancelled_and_nothing_is_posted_for_it()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var reason = JobCancellationReason.None;
        await using var worker = TestWorker.Start(
            runPod,
            async (job, token) =>
            {
                try
                {
                    return await (job.Id is "j-1" ? TestWorker.Wait(job, token) : TestWorker.Echo(job, token));
                }
                finally
                {
                    reason = job.Id is "j-1" ? job.CancellationReason : reason;
                    job.ReportProgress("nobody listens");
                }
            },
            options => options with { PingInterval = TimeSpan.FromMilliseconds(50) }
        );
        runPod.Enqueue("j-1");
        await FakeRunPod.WaitForAsync(() => Pings().Any(query => query.Contains("job_id=j-1")), "the job to run");

        runPod.Stop("unknown", "j-1");
        runPod.Enqueue("j-2", "2");

        await runPod.ResultOf("j-2");
        reason.ShouldBe(JobCancellationReason.StoppedByClient);
        runPod.RequestsTo(RunPodRoute.Result).ShouldAllBe(post => post.JobId == "j-2");
        await FakeRunPod.WaitForAsync(() => !Pings()[^1].Contains("j-1"), "a heartbeat without the job");
        runPod.RequestsTo(RunPodRoute.Stop)[0].Target.ShouldBe("/v2/fake/job-stop/pod-1?gpu=NVIDIA+RTX+A5000");
        worker.HasLogged(LogLevel.Information, "Job j-1 was stopped by its client").ShouldBeTrue();

        List<string> Pings() => [.. runPod.RequestsTo(RunPodRoute.Ping).Select(ping => ping.Query)];
    }

    [Fact]
    public async Task A_handler_that_ignores_the_signal_keeps_its_slot_and_its_result_is_thrown_away()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var release = new SemaphoreSlim(0);
        using var isStopped = new CancellationTokenSource();
        await using var worker = TestWorker.Start(
            runPod,
            async (job, token) =>
            {
                if (job.Id is "j-1")
                {
                    await using var _ = token.Register(isStopped.Cancel);
                    await release.WaitAsync(CancellationToken.None);
                }

                return TestWorker.Json("1");
            }
        );
        runPod.Enqueue("j-1");
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Take).Count > 0, "the take");
        runPod.Stop("j-1");
        await FakeRunPod.WaitForAsync(() => isStopped.IsCancellationRequested, "the signal");
        var takes = runPod.RequestsTo(RunPodRoute.Take).Count;
        runPod.Enqueue("j-2");
        await Task.Delay(300, TestContext.Current.CancellationToken);
        runPod.RequestsTo(RunPodRoute.Take).Count.ShouldBe(takes);

        release.Release();

        await runPod.ResultOf("j-2");
        runPod.RequestsTo(RunPodRoute.Result).ShouldAllBe(post => post.JobId == "j-2");
    }

    [Fact]
    public async Task A_job_that_waits_for_a_slot_can_be_stopped()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var release = new SemaphoreSlim(0);
        var started = new List<string>();
        await using var worker = TestWorker.Start(
            runPod,
            async (job, token) =>
            {
                started.Add(job.Id);
                await release.WaitAsync(token);
                return TestWorker.Json("1");
            }
        );
        runPod.EnqueueRaw("""[{"id":"a","input":1},{"id":"b","input":1},{"id":"c","input":1}]""");
        await FakeRunPod.WaitForAsync(() => started.Count == 1, "the first job");

        runPod.Stop("b");
        await FakeRunPod.WaitForAsync(() => worker.HasLogged(LogLevel.Information, "Job b is stopped"), "the signal");
        release.Release(3);

        await runPod.ResultOf("a");
        await runPod.ResultOf("c");
        started.ShouldBe(["a", "c"]);
        runPod.ResultsOf("b").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_result_on_its_way_is_not_tried_again_after_the_signal()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultAlways(RunPodRoute.Result, new Fault.Status(500));
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);
        runPod.Enqueue("j-1");
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Result).Count > 0, "a failed post");

        runPod.Stop("j-1");
        await FakeRunPod.WaitForAsync(
            () => worker.HasLogged(LogLevel.Information, "Job j-1 was stopped by its client"),
            "the job to be left"
        );
        runPod.FaultAlways(RunPodRoute.Result, null);
        var posts = runPod.RequestsTo(RunPodRoute.Result).Count;
        await Task.Delay(1200, TestContext.Current.CancellationToken);

        runPod.RequestsTo(RunPodRoute.Result).Count.ShouldBe(posts);
    }

    [Fact]
    public async Task A_platform_without_a_stop_channel_is_asked_rarely_and_logged_once()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var clock = new FakeTimeProvider();
        runPod.FaultAlways(RunPodRoute.Stop, new Fault.Status(404));
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { TimeProvider = clock }
        );
        var start = clock.GetUtcNow();

        await TestWorker.AdvanceUntilAsync(
            clock,
            TimeSpan.FromSeconds(5),
            () => clock.GetUtcNow() - start > TimeSpan.FromMinutes(5),
            "five minutes"
        );

        runPod.RequestsTo(RunPodRoute.Stop).Count.ShouldBeInRange(2, 6);
        worker.Logs.Count(line => line.Message.Contains("(404)", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"jobsToStop": ["a", 1, null, "\ud800", "b"]}""", "application/json", "a b")]
    [InlineData("[]", "application/json", "")]
    [InlineData("""{"jobsToStop": "a"}""", "application/json", "")]
    [InlineData("nonsense", "application/json", "")]
    [InlineData("", "application/json", "")]
    [InlineData("""{"jobsToStop": ["a"]}""", "text/plain", "")]
    public void A_strange_answer_stops_nothing_that_it_does_not_name(string body, string mediaType, string expected) =>
        string.Join(' ', StopReply.Read(new Reply(200, mediaType, Encoding.UTF8.GetBytes(body), RetryAfter: null)))
            .ShouldBe(expected);
}
