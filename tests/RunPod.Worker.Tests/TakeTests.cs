using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

public sealed class TakeTests
{
    [Fact]
    public async Task A_job_is_taken_run_and_answered()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);

        runPod.Enqueue("j-1", """{"text": "héllo"}""");

        (await runPod.ResultOf("j-1")).GetProperty("output").GetProperty("text").GetString().ShouldBe("héllo");
        var take = runPod.RequestsTo(RunPodRoute.Take)[0];
        take.Method.ShouldBe("GET");
        take.Target.ShouldBe("/v2/fake/job-take/pod-1?gpu=NVIDIA+RTX+A5000&job_in_progress=0");
        take.Headers["Authorization"].ShouldBe("rpa_FAKE");
        take.Headers["User-Agent"].ShouldMatch(@"^RunPod-DotNet-SDK/\d+\.\d+\.\d+ \(.+; .+\) Language/\.NET \d+");
    }

    [Fact]
    public async Task A_handler_sees_the_whole_job()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            (job, _) => Task.FromResult(TestWorker.Json($"[\"{job.Id}\", {job.Input}, {job.Job}]"))
        );

        runPod.EnqueueRaw("""{"id": "j-1", "input": 7, "s3Config": {"bucketName": "b"}}""");

        var output = (await runPod.ResultOf("j-1")).GetProperty("output");
        output[0].GetString().ShouldBe("j-1");
        output[1].GetInt32().ShouldBe(7);
        output[2].GetProperty("s3Config").GetProperty("bucketName").GetString().ShouldBe("b");
    }

    [Fact]
    public async Task Poison_among_jobs_is_skipped_and_logged()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);

        runPod.EnqueueRaw("""[null, 5, {}, {"id": 7}, {"id": ""}, {"id": "\ud800"}, {"id": "j-1", "input": null}]""");
        runPod.EnqueueRaw("[]");
        runPod.EnqueueRaw("\"a string\"");
        runPod.EnqueueRaw("{ not json");
        runPod.Enqueue("j-2", "2");

        (await runPod.ResultOf("j-1")).GetRawText().ShouldBe("""{"output":null}""");
        (await runPod.ResultOf("j-2")).GetRawText().ShouldBe("""{"output":2}""");
        worker.Logs.Count(line => line.Message.Contains("a job was skipped", StringComparison.Ordinal)).ShouldBe(6);
        worker.HasLogged(LogLevel.Error, "JSON String where a job was expected").ShouldBeTrue();
        worker.HasLogged(LogLevel.Error, "are not JSON").ShouldBeTrue();
    }

    [Fact]
    public async Task More_jobs_than_asked_for_all_run_one_at_a_time()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var running = 0;
        var most = 0;
        await using var worker = TestWorker.Start(
            runPod,
            async (job, token) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                await Task.Delay(20, token);
                Interlocked.Decrement(ref running);
                return TestWorker.Json("1");
            }
        );

        runPod.EnqueueRaw("""[{"id":"a","input":1},{"id":"b","input":1},{"id":"c","input":1}]""");

        await runPod.ResultOf("a");
        await runPod.ResultOf("b");
        await runPod.ResultOf("c");
        most.ShouldBe(1);
    }

    [Fact]
    public async Task A_job_that_comes_twice_at_once_runs_once()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var runs = 0;
        await using var worker = TestWorker.Start(
            runPod,
            (_, _) => Task.FromResult(TestWorker.Json($"{Interlocked.Increment(ref runs)}"))
        );

        runPod.EnqueueRaw("""[{"id":"a","input":1},{"id":"a","input":1},{"id":"b","input":1}]""");

        await runPod.ResultOf("b");
        runPod.ResultsOf("a").Count.ShouldBe(1);
        runs.ShouldBe(2);
        worker.HasLogged(LogLevel.Warning, "Job a came again").ShouldBeTrue();
    }

    [Fact]
    public async Task Free_slots_are_filled_by_batches_and_run_side_by_side()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var together = new SemaphoreSlim(0);
        var started = 0;
        await using var worker = TestWorker.Start(
            runPod,
            async (_, token) =>
            {
                if (Interlocked.Increment(ref started) == 3)
                {
                    together.Release(3);
                }

                await together.WaitAsync(token);
                return TestWorker.Json("1");
            },
            options => options with { Concurrency = 3 }
        );

        runPod.Enqueue("a");
        runPod.Enqueue("b");
        runPod.Enqueue("c");

        await runPod.ResultOf("a");
        await runPod.ResultOf("b");
        await runPod.ResultOf("c");
        runPod
            .RequestsTo(RunPodRoute.Take)[0]
            .Target.ShouldBe("/v2/fake/job-take-batch/pod-1?gpu=NVIDIA+RTX+A5000&batch_size=3&job_in_progress=0");
    }

    [Fact]
    public async Task An_answer_of_another_content_type_is_no_job()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Take, new Fault.Body("""{"id":"html","input":1}""", "text/html"));
        runPod.Enqueue("j-1", "1");
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);

        await runPod.ResultOf("j-1");

        runPod.ResultsOf("html").ShouldBeEmpty();
        worker.HasLogged(LogLevel.Error, "content type 'text/html'").ShouldBeTrue();
    }

    [Fact]
    public async Task A_platform_that_answers_at_once_is_not_hammered()
    {
        var mostTakes = new Dictionary<int, int>
        {
            [204] = 8,
            [400] = 8,
            [500] = 5,
            [401] = 5,
            [404] = 5,
            [429] = 1,
        };

        await Task.WhenAll(
            mostTakes.Select(async pair =>
            {
                await using var runPod = await FakeRunPod.StartAsync();
                runPod.FaultAlways(RunPodRoute.Take, new Fault.Status(pair.Key));
                await using var worker = TestWorker.Start(runPod, TestWorker.Echo);
                await Task.Delay(1500, TestContext.Current.CancellationToken);
                runPod.RequestsTo(RunPodRoute.Take).Count.ShouldBeInRange(1, pair.Value, $"takes after {pair.Key}");
            })
        );
    }

    [Fact]
    public async Task A_busy_platform_is_asked_again_after_five_seconds()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var clock = new FakeTimeProvider();
        runPod.FaultNext(RunPodRoute.Take, new Fault.Status(429));
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { TimeProvider = clock }
        );
        runPod.Enqueue("j-1", "1");
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Take).Count == 1, "the first take");
        var before = clock.GetUtcNow();

        await TestWorker.AdvanceUntilAsync(
            clock,
            TimeSpan.FromMilliseconds(100),
            () => runPod.ResultsOf("j-1").Count == 1,
            "the job"
        );

        (clock.GetUtcNow() - before).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_take_that_is_never_answered_is_tried_again_after_ninety_seconds()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var clock = new FakeTimeProvider();
        runPod.FaultNext(RunPodRoute.Take, new Fault.Silence());
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { TimeProvider = clock }
        );
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Take).Count == 1, "the first take");
        clock.Advance(TimeSpan.FromSeconds(89));
        runPod.Enqueue("j-1", "1");
        await Task.Delay(100, TestContext.Current.CancellationToken);
        runPod.RequestsTo(RunPodRoute.Take).Count.ShouldBe(1);

        clock.Advance(TimeSpan.FromSeconds(2));

        await runPod.ResultOf("j-1");
    }

    [Fact]
    public async Task A_worker_that_is_refused_for_minutes_ends_with_a_code()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var clock = new FakeTimeProvider();
        runPod.FaultAlways(RunPodRoute.Take, new Fault.Status(401));
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { TimeProvider = clock }
        );

        await TestWorker.AdvanceUntilAsync(clock, TimeSpan.FromSeconds(2), () => worker.Ended.IsCompleted, "the end");

        (await worker.Ended).ShouldBe(1);
        worker.HasLogged(LogLevel.Critical, "refused this worker").ShouldBeTrue();
    }

    [Fact]
    public async Task After_an_outage_of_the_queue_the_worker_goes_on()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(
            RunPodRoute.Take,
            new Fault.CloseBefore(),
            new Fault.Status(503),
            new Fault.Body("<html>", "application/json")
        );
        runPod.Enqueue("j-1", "1");
        var watch = Stopwatch.StartNew();
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);

        await runPod.ResultOf("j-1");

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }
}
