using System.Diagnostics;
using System.Text.Json.Nodes;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

[Collection(ProcessesCollection.Name)]
public sealed class ProgressTests
{
    [Fact]
    public async Task Progress_has_the_status_that_keeps_the_job_open()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            async (job, _) =>
            {
                job.ReportProgress(new JsonObject { ["share"] = 0.5 });
                await FakeRunPod.WaitForAsync(() => runPod.ProgressOf("j-1").Count == 1, "the update");
                return TestWorker.Json("1");
            }
        );

        runPod.Enqueue("j-1");
        await runPod.ResultOf("j-1");

        var post = runPod.RequestsTo(RunPodRoute.Result)[0];
        post.Text.ShouldBe("""{"status":"IN_PROGRESS","output":{"share":0.5}}""");
        post.Query.ShouldEndWith("isStream=false");
        post.Headers["X-Request-ID"].ShouldBe("j-1");
    }

    [Fact]
    public async Task Many_updates_are_few_posts_in_order_and_the_newest_wins()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var watch = Stopwatch.StartNew();
        await using var worker = TestWorker.Start(
            runPod,
            async (job, _) =>
            {
                for (var step = 0; step < 200; step++)
                {
                    job.ReportProgress(step);
                    await Task.Delay(1, CancellationToken.None);
                }

                await FakeRunPod.WaitForAsync(
                    () => runPod.ProgressOf("j-1")[^1].GetProperty("output").GetInt32() == 199,
                    "the newest update"
                );
                return TestWorker.Json("1");
            },
            options => options with { ProgressInterval = TimeSpan.FromMilliseconds(50) }
        );

        runPod.Enqueue("j-1");
        await runPod.ResultOf("j-1");

        var elapsed = watch.Elapsed;
        var steps = runPod.ProgressOf("j-1").Select(update => update.GetProperty("output").GetInt32()).ToList();
        steps.ShouldBeInOrder();
        steps[0].ShouldBe(0);
        steps.Count.ShouldBeInRange(3, 2 + (int)(elapsed / TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task Progress_never_arrives_after_the_result()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Result, new Fault.Delay(TimeSpan.FromMilliseconds(300)));
        JobContext? late = null;
        await using var worker = TestWorker.Start(
            runPod,
            async (job, _) =>
            {
                job.ReportProgress("on its way");
                await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Result).Count == 1, "the update");
                job.ReportProgress("never sent");
                late = job;
                return TestWorker.Json("1");
            },
            options => options with { ProgressInterval = TimeSpan.Zero }
        );

        runPod.Enqueue("j-1");
        await runPod.ResultOf("j-1");
        late!.ReportProgress("too late");
        await Task.Delay(200, TestContext.Current.CancellationToken);

        var posts = runPod.RequestsTo(RunPodRoute.Result);
        posts.Select(post => post.IsProgress).ShouldBe([true, false]);
        (posts[1].At - posts[0].At).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(290));
    }

    [Fact]
    public async Task A_platform_that_is_slow_to_take_progress_does_not_slow_the_handler()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Result, new Fault.Delay(TimeSpan.FromSeconds(1)));
        var elapsed = TimeSpan.MaxValue;
        await using var worker = TestWorker.Start(
            runPod,
            (job, _) =>
            {
                var watch = Stopwatch.StartNew();
                for (var step = 0; step < 100; step++)
                {
                    job.ReportProgress(step);
                }

                elapsed = watch.Elapsed;
                return Task.FromResult(TestWorker.Json("1"));
            }
        );

        runPod.Enqueue("j-1");
        await runPod.ResultOf("j-1");

        elapsed.ShouldBeLessThan(TimeSpan.FromMilliseconds(300));
    }
}
