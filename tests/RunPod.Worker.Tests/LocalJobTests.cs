using System.Text.Json;

namespace RunPod.Worker.Tests;

public sealed class LocalJobTests
{
    [Fact]
    public async Task A_job_gets_the_answer_that_a_client_would()
    {
        var result = await Run("""{"input": {"a": [1]}}""", TestWorker.Echo);

        result.Succeeded.ShouldBeTrue();
        result.Answer.ToJsonString().ShouldBe("""{"output":{"a":[1]}}""");
    }

    [Theory]
    [InlineData("""{"input": 1}""", "local_test")]
    [InlineData("""{"input": 1, "id": "mine"}""", "mine")]
    public async Task A_job_has_an_id(string job, string expected) =>
        (await Run(job, (context, _) => Task.FromResult(TestWorker.Json($"\"{context.Id}\"")))).Answer["output"]!
            .GetValue<string>()
            .ShouldBe(expected);

    [Theory]
    [InlineData("[]", "must be an object")]
    [InlineData("{}", "has no 'input'")]
    [InlineData("""{"input": null}""", "has no 'input'")]
    public async Task A_job_that_is_none_is_an_error(string job, string part)
    {
        var result = await Run(job, TestWorker.Echo);

        result.Succeeded.ShouldBeFalse();
        result.Answer["error"]!.GetValue<string>().ShouldContain(part);
    }

    [Fact]
    public async Task A_stream_is_collected()
    {
        var isSupported = false;
        var stream = StreamTests.Stream(["1", "2"]);

        var result = await Run(
            """{"input": 1}""",
            (job, token) =>
            {
                isSupported = job.IsStreamSupported;
                job.ReportProgress(0.5);
                return stream(job, token);
            }
        );

        result.Answer.ToJsonString().ShouldBe("""{"output":[1,2]}""");
        isSupported.ShouldBeTrue();
    }

    [Fact]
    public async Task A_failed_job_is_an_error()
    {
        var result = await Run("""{"input": 1}""", (_, _) => throw new InvalidOperationException("secret"));

        result.Succeeded.ShouldBeFalse();
        result.Answer["error"]!.GetValue<string>().ShouldContain("under error");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handler_and_its_stream_may_fail_a_job_in_words_of_their_own(bool isInStream)
    {
        var result = await Run(
            """{"input": 1}""",
            (_, _) =>
                isInStream
                    ? Task.FromResult(JobResult.FromStream(Broken()))
                    : throw new JobFailedException("The bucket refused.", new IOException("secret"))
        );

        result.Succeeded.ShouldBeFalse();
        result.Answer.ToJsonString().ShouldBe("""{"error":"The bucket refused."}""");

        static async IAsyncEnumerable<ReadOnlyMemory<byte>> Broken()
        {
            yield return "1"u8.ToArray();
            await Task.Yield();
            throw new JobFailedException("The bucket refused.");
        }
    }

    [Fact]
    public async Task The_time_limit_holds_locally_too()
    {
        var result = await Run(
            """{"input": 1}""",
            TestWorker.Wait,
            new RunPodWorkerOptions { JobTimeout = TimeSpan.FromMilliseconds(50) }
        );

        result.Answer["error"]!.GetValue<string>().ShouldStartWith("The job took longer than 0.05 seconds");
    }

    [Fact]
    public async Task Giving_a_job_up_ends_its_handler_first()
    {
        using var giveUp = new CancellationTokenSource();
        var hasEnded = false;

        await Should.ThrowAsync<OperationCanceledException>(() =>
            RunUntil(
                """{"input": 1}""",
                async (job, token) =>
                {
                    try
                    {
                        await giveUp.CancelAsync();
                        return await TestWorker.Wait(job, token);
                    }
                    finally
                    {
                        hasEnded = true;
                    }
                },
                new RunPodWorkerOptions(),
                giveUp.Token
            )
        );

        hasEnded.ShouldBeTrue();
    }

    private static Task<LocalJobResult> Run(string job, JobHandler handler, RunPodWorkerOptions? options = null) =>
        RunUntil(job, handler, options ?? new RunPodWorkerOptions(), TestContext.Current.CancellationToken);

    private static Task<LocalJobResult> RunUntil(
        string job,
        JobHandler handler,
        RunPodWorkerOptions options,
        CancellationToken giveUp
    ) =>
        LocalJob.RunAsync(
            JsonElement.Parse(job),
            handler,
            options with
            {
                ErrorDetails = JobErrorDetails.Hidden,
            },
            giveUp
        );
}
