using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>Whatever becomes of single jobs, the book comes out whole and in order, or not at all.</summary>
public sealed class BatchRunTests
{
    /// <summary>What may be wrong with the first job of a part, though a second one would do.</summary>
    private static readonly string[] Failures =
    [
        "failed",
        "timed out",
        "cancelled",
        "expired",
        "broken base64",
        "cut short",
        "no audio",
        "too few bytes",
        "another text",
        "another format",
        "another length",
        "too fast",
        "not our answer",
    ];

    [Fact]
    public async Task Parts_that_end_in_any_order_are_joined_in_the_order_of_the_book()
    {
        await using var stage = await BatchStage.StartAsync();
        stage.Endpoint.StatusOf = job =>
            job.Questions <= job.Text.Length % 2
                ? FakeEndpoint.InState(job, job.Questions == 1 ? "IN_QUEUE" : "IN_PROGRESS")
                : FakeEndpoint.Completed(job);

        (await stage.RunAsync()).ShouldBeTrue();

        await stage.ShouldBeWholeAsync();
        stage.Endpoint.Jobs.Count.ShouldBe(stage.Request().Plan().Jobs.Count);
        stage.Endpoint.Requests.ShouldAllBe(request => request.Authorization == $"Bearer {BatchStage.Key}");
        Directory.GetFiles(stage.Folder).ShouldBe([stage.Output]);
        stage.Logs.ShouldAllBe(line => !line.Contains("sentence", StringComparison.Ordinal)); // no word of the book
    }

    [Fact]
    public async Task A_job_that_came_to_nothing_is_sent_again()
    {
        await using var stage = await BatchStage.StartAsync();
        var request = stage.Request(BatchStage.Book(chapters: 4));
        var jobs = request.Plan().Jobs;
        var failures = jobs.Zip(Failures).ToDictionary(pair => pair.First.Text, pair => pair.Second);
        failures.Count.ShouldBe(Failures.Length);
        stage.Endpoint.StatusOf = job =>
            job.Attempt == 1 && failures.TryGetValue(job.Text, out var failure)
                ? Fail(job, failure)
                : FakeEndpoint.Completed(job);

        (await stage.RunAsync(request)).ShouldBeTrue(string.Join('\n', stage.Logs));

        await stage.ShouldBeWholeAsync(request);
        stage
            .Endpoint.Jobs.Where(job => job.Attempt == 2)
            .Select(job => job.Text)
            .ShouldBe(failures.Keys, ignoreOrder: true);
        stage.Endpoint.Jobs.Count.ShouldBe(jobs.Count + failures.Count);
        stage
            .Logs.Count(line => line.Contains("came to nothing, and is sent again", StringComparison.Ordinal))
            .ShouldBe(failures.Count);
    }

    [Fact]
    public async Task A_part_that_fails_every_time_keeps_the_book_back_until_the_next_run()
    {
        await using var stage = await BatchStage.StartAsync();
        var jobs = stage.Request().Plan().Jobs;
        stage.Endpoint.StatusOf = job =>
            job.Text == jobs[1].Text ? FakeEndpoint.InState(job, "FAILED", "out of luck") : FakeEndpoint.Completed(job);

        (await stage.RunAsync()).ShouldBeFalse();

        File.Exists(stage.Output).ShouldBeFalse();
        stage.Endpoint.Jobs.Count.ShouldBe(jobs.Count + 2);
        stage.Logs.ShouldContain($"{jobs[1].Name} failed: out of luck");
        stage.Endpoint.StatusOf = FakeEndpoint.Completed;

        (await stage.RunAsync()).ShouldBeTrue();

        await stage.ShouldBeWholeAsync();
        stage.Endpoint.Jobs.Count.ShouldBe(jobs.Count + 3);
    }

    [Fact]
    public async Task A_text_that_the_worker_refuses_is_not_sent_again()
    {
        await using var stage = await BatchStage.StartAsync();
        var jobs = stage.Request().Plan().Jobs;
        stage.Endpoint.StatusOf = job =>
            job.Text == jobs[1].Text
                ? FakeEndpoint.InState(job, "FAILED", "'text' has nothing to speak.")
                : FakeEndpoint.Completed(job);

        (await stage.RunAsync()).ShouldBeFalse();

        stage.Endpoint.Jobs.Count.ShouldBe(jobs.Count);
    }

    [Fact]
    public async Task A_voice_that_the_worker_refuses_ends_the_batch_at_once()
    {
        await using var stage = await BatchStage.StartAsync();
        stage.Endpoint.StatusOf = job => FakeEndpoint.InState(job, "FAILED", "'voice_key' is 'x', which no voice is.");
        var request = stage.Request() with { Options = new BatchOptions { Parallel = 1 } };

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => stage.RunAsync(request));

        failure.Message.ShouldEndWith("refuses what all parts have in common: 'voice_key' is 'x', which no voice is.");
        stage.Endpoint.Jobs.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_busy_endpoint_is_left_alone_for_as_long_as_it_asks()
    {
        await using var stage = await BatchStage.StartAsync();
        stage.Endpoint.OnRun = n => n == 1 ? new Busy(StatusCodes.Status429TooManyRequests, "2") : null;
        var request = stage.Request("Chapter 1\n\nHello there.");

        (await stage.RunAsync(request)).ShouldBeTrue();

        var sent = stage.Endpoint.Requests.Where(r => r.Path.EndsWith("/run", StringComparison.Ordinal)).ToList();
        sent.Count.ShouldBe(2);
        (sent[1].At - sent[0].At).TotalSeconds.ShouldBeGreaterThanOrEqualTo(1.9);
    }

    [Fact]
    public async Task Servers_that_fail_for_a_while_are_asked_again()
    {
        await using var stage = await BatchStage.StartAsync();
        stage.Endpoint.OnRun = n => n <= 2 ? new Busy(500 + n, null) : null;
        stage.Endpoint.StatusOf = job =>
            FakeEndpoint.Completed(
                job,
                facts => facts,
                $"{stage.Endpoint.BaseUrl.GetLeftPart(UriPartial.Authority)}/audio/{job.Id}"
            );
        var asked = 0;
        stage.Endpoint.AudioOf = (http, job) =>
            Interlocked.Increment(ref asked) == 1 ? new Busy(503, null) : Results.Bytes(CodedAudio.Write(job.Text));

        (await stage.RunAsync()).ShouldBeTrue();

        await stage.ShouldBeWholeAsync();
        stage
            .Endpoint.Requests.Where(request => request.Path.StartsWith("/audio", StringComparison.Ordinal))
            .ShouldAllBe(request => request.Authorization == ""); // the key is none of the store's business
    }

    [Theory]
    [InlineData(401, "{}", "refuses the key (401): set RUNPOD_API_KEY")]
    [InlineData(404, "", "There is no endpoint")]
    [InlineData(400, """{"error":"not allowed for QB API"}""", "is a load-balancing endpoint")]
    [InlineData(400, "too much", "answered 400: 'too much'")]
    public async Task What_is_refused_for_good_ends_the_batch_with_one_sentence(int status, string body, string told)
    {
        await using var stage = await BatchStage.StartAsync();
        stage.Endpoint.OnRun = _ => Results.Text(body, statusCode: status);
        var request = stage.Request() with { Options = new BatchOptions { Parallel = 1 } };

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => stage.RunAsync(request));

        failure.Message.ShouldContain(told);
        stage.Endpoint.Requests.Count.ShouldBe(1);
    }

    private static JsonObject? Fail(FakeJob job, string failure) =>
        failure switch
        {
            "failed" => FakeEndpoint.InState(job, "FAILED", "the worker fell over"),
            "timed out" => FakeEndpoint.InState(job, "TIMED_OUT"),
            "cancelled" => FakeEndpoint.InState(job, "CANCELLED"),
            "expired" => null,
            "broken base64" => With(job, "%%%"),
            "cut short" => With(job, Convert.ToBase64String(CodedAudio.Write(job.Text)[..^2000]), -2000),
            "no audio" => With(job, Convert.ToBase64String(new byte[CodedAudio.Write(job.Text).Length])),
            "too few bytes" => With(job, "AAAA"),
            "another text" => FakeEndpoint.Completed(job, facts => facts with { Characters = facts.Characters - 1 }),
            "another format" => FakeEndpoint.Completed(job, facts => facts with { Format = "mp3" }),
            "another length" => FakeEndpoint.Completed(job, facts => facts with { DurationSeconds = 1 }),
            "too fast" => TooFast(job),
            "not our answer" => new JsonObject { ["status"] = "COMPLETED", ["output"] = "done" },
            _ => throw new ArgumentOutOfRangeException(nameof(failure)),
        };

    private static JsonObject With(FakeJob job, string base64, int moreBytes = 0)
    {
        var status = FakeEndpoint.Completed(job, facts => facts with { Bytes = facts.Bytes + moreBytes });
        status["output"]!["audio_base64"] = base64;
        return status;
    }

    /// <summary>Audio that is right in itself, and of a twentieth of the text.</summary>
    private static JsonObject TooFast(FakeJob job)
    {
        var little = job.Text[..(job.Text.Length / 20)];
        var audio = CodedAudio.Write(little);
        var status = FakeEndpoint.Completed(
            job,
            facts => facts with { Bytes = audio.Length, DurationSeconds = CodedAudio.Seconds(little) }
        );
        status["output"]!["audio_base64"] = Convert.ToBase64String(audio);
        return status;
    }

    /// <summary>An error answer, with or without a time to wait.</summary>
    private sealed class Busy(int status, string? retryAfter) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        }
    }
}
