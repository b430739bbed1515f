using Testing.RunPod;

namespace RunPod.Worker.Tests;

public sealed class RefreshTests
{
    [Fact]
    public async Task A_piece_of_a_stream_may_want_it_too()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            StreamTests.Stream(["1", """{"a":1,"refresh_worker":true}""", """{"refresh_worker":true}""", "2"])
        );

        runPod.Enqueue("j-1");

        (await runPod.ResultOf("j-1")).GetRawText().ShouldBe("""{"output":[],"stopPod":true}""");
        runPod
            .PiecesOf("j-1")
            .Select(piece => piece.GetProperty("output").GetRawText())
            .ShouldBe(["1", """{"a":1}""", "2"]);
        (await worker.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Theory]
    [InlineData("option")]
    [InlineData("request")]
    [InlineData("key")]
    [InlineData("request and failure")]
    public async Task A_worker_that_wants_to_be_replaced_says_so_finishes_and_ends(string way)
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            async (job, token) =>
            {
                if (job.Id is "other")
                {
                    await Task.Delay(500, token);
                    return TestWorker.Json("1");
                }

                if (way.StartsWith("request", StringComparison.Ordinal))
                {
                    job.RequestRefresh();
                }

                return way switch
                {
                    "request and failure" => throw new JobFailedException("no"),
                    "key" => TestWorker.Json("""{"a":1,"refresh_worker":true}"""),
                    _ => TestWorker.Json("""{"a":1}"""),
                };
            },
            options => options with { Concurrency = 2, RefreshWorker = way is "option" }
        );
        runPod.EnqueueRaw("""[{"id":"other","input":1},{"id":"j-1","input":1}]""");

        (await runPod.ResultOf("j-1"))
            .GetRawText()
            .ShouldBe(
                way is "request and failure"
                    ? """{"error":"no","stopPod":true}"""
                    : """{"output":{"a":1},"stopPod":true}"""
            );
        await Task.Delay(200, TestContext.Current.CancellationToken);
        runPod.Enqueue("late");

        (await worker.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBe(0);
        runPod.ResultsOf("other").Count.ShouldBe(1);
        runPod.ResultsOf("late").ShouldBeEmpty();
    }
}
