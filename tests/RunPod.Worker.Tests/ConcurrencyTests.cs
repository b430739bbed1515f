using Microsoft.Extensions.Logging;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

public sealed class ConcurrencyTests
{
    [Fact]
    public async Task Slots_are_added_while_jobs_run()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var release = new SemaphoreSlim(0);
        var wanted = 1;
        var running = 0;
        await using var worker = Start(runPod, _ => wanted, Held);
        runPod.Enqueue("a");
        runPod.Enqueue("b");
        runPod.Enqueue("c");
        await FakeRunPod.WaitForAsync(() => running == 1, "the first job");

        wanted = 3;

        await FakeRunPod.WaitForAsync(() => running == 3, "all jobs at once");
        release.Release(3);
        worker.HasLogged(LogLevel.Information, "Jobs at once: 1 before, 3 from now on.").ShouldBeTrue();

        async Task<JobResult> Held(JobContext job, CancellationToken token)
        {
            Interlocked.Increment(ref running);
            await release.WaitAsync(token);
            return TestWorker.Json("1");
        }
    }

    [Fact]
    public async Task Slots_are_taken_away_without_disturbing_the_jobs_that_run()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var wanted = 2;
        var running = 0;
        var most = 0;
        using var release = new SemaphoreSlim(0);
        await using var worker = Start(
            runPod,
            _ => wanted,
            async (job, token) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                await release.WaitAsync(token);
                Interlocked.Decrement(ref running);
                return TestWorker.Json("1");
            }
        );
        runPod.Enqueue("a");
        runPod.Enqueue("b");
        await FakeRunPod.WaitForAsync(() => running == 2, "two jobs");

        wanted = 1;
        release.Release(2);
        await runPod.ResultOf("a");
        await runPod.ResultOf("b");
        most = 0;
        await FakeRunPod.WaitForAsync(
            () => worker.HasLogged(LogLevel.Information, "Jobs at once: 2 before, 1 from now on."),
            "fewer slots"
        );
        runPod.EnqueueRaw("""[{"id":"c","input":1},{"id":"d","input":1}]""");
        release.Release(2);
        await runPod.ResultOf("c");
        await runPod.ResultOf("d");

        most.ShouldBe(1);
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("zero")]
    [InlineData("negative")]
    public async Task An_answer_that_cannot_work_does_not_end_the_worker(string answer)
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = Start(
            runPod,
            _ =>
                answer switch
                {
                    "throws" => throw new InvalidOperationException("no idea"),
                    "zero" => 0,
                    _ => -5,
                },
            TestWorker.Echo
        );

        runPod.Enqueue("j-1", "1");

        await runPod.ResultOf("j-1");
        worker.HasLogged(LogLevel.Error, "modifier failed").ShouldBe(answer is "throws");
    }

    private static TestWorker Start(FakeRunPod runPod, Func<int, int> modifier, JobHandler handler) =>
        TestWorker.Start(runPod, handler, options => options with { ConcurrencyModifier = modifier });
}
