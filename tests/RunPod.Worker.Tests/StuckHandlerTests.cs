using Microsoft.Extensions.Logging;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

[Collection(ProcessesCollection.Name)]
public sealed class StuckHandlerTests
{
    [Fact]
    public async Task A_handler_that_never_returns_keeps_its_slot_until_the_worker_drains_and_ends()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var release = new SemaphoreSlim(0);
        var together = 0;
        var most = 0;
        await using var worker = Start(
            runPod,
            async (job, token) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref together));
                await (job.Id is "stuck" ? release.WaitAsync(CancellationToken.None) : Task.Delay(1200, token));
                Interlocked.Decrement(ref together);
                return TestWorker.Json("1");
            },
            concurrency: 2
        );
        runPod.EnqueueRaw("""[{"id":"stuck","input":1},{"id":"a","input":1},{"id":"b","input":1}]""");
        await FakeRunPod.WaitForAsync(() => together == 2, "two jobs");

        runPod.Stop("stuck");

        (await worker.Ended.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken)).ShouldBe(1);
        most.ShouldBe(2);
        runPod.ResultsOf("a").Count.ShouldBe(1);
        runPod.ResultsOf("b").Count.ShouldBe(1);
        runPod.ResultsOf("stuck").ShouldBeEmpty();
        worker.HasLogged(LogLevel.Error, "Job stuck: the handler goes on after its cancellation").ShouldBeTrue();
        worker.HasLogged(LogLevel.Critical, "Job stuck: its handler still runs").ShouldBeTrue();
        release.Release();
    }

    [Fact]
    public async Task Jobs_that_wait_for_a_slot_which_is_never_free_are_answered()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var release = new SemaphoreSlim(0);
        await using var worker = Start(
            runPod,
            async (_, _) =>
            {
                await release.WaitAsync(CancellationToken.None);
                return TestWorker.Json("1");
            },
            concurrency: 1
        );
        runPod.EnqueueRaw("""[{"id":"stuck","input":1},{"id":"waits","input":1}]""");
        await FakeRunPod.WaitForAsync(() => runPod.CountOf(RunPodRoute.Take) > 0, "the take");
        await Task.Delay(100, TestContext.Current.CancellationToken);

        runPod.Stop("stuck");

        (await worker.Ended.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken)).ShouldBe(1);
        (await runPod.ResultOf("waits")).GetProperty("error").GetString()!.ShouldContain("send it again");
        release.Release();
    }

    [Fact]
    public async Task A_handler_that_returns_within_the_grace_gives_its_slot_back()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var release = new SemaphoreSlim(0);
        await using var worker = Start(
            runPod,
            async (job, _) =>
            {
                await (job.Id is "slow" ? release.WaitAsync(CancellationToken.None) : Task.CompletedTask);
                return TestWorker.Json("1");
            },
            concurrency: 1,
            stuckGrace: TimeSpan.FromSeconds(20)
        );
        runPod.Enqueue("slow");
        await FakeRunPod.WaitForAsync(() => runPod.CountOf(RunPodRoute.Take) > 0, "the take");
        await Task.Delay(100, TestContext.Current.CancellationToken);
        runPod.Stop("slow");
        await FakeRunPod.WaitForAsync(() => worker.HasLogged(LogLevel.Error, "the handler goes on"), "the line");

        release.Release();
        runPod.Enqueue("next");

        await runPod.ResultOf("next");
        worker.HasLogged(LogLevel.Warning, "Job slow: its handler has returned after all.").ShouldBeTrue();
    }

    private static TestWorker Start(
        FakeRunPod runPod,
        JobHandler handler,
        int concurrency,
        TimeSpan? stuckGrace = null
    ) =>
        TestWorker.Start(
            runPod,
            handler,
            options =>
                options with
                {
                    Concurrency = concurrency,
                    CancellationGrace = TimeSpan.FromMilliseconds(100),
                    StuckHandlerGrace = stuckGrace ?? TimeSpan.FromMilliseconds(300),
                    DrainTimeout = TimeSpan.FromSeconds(10),
                }
        );
}
