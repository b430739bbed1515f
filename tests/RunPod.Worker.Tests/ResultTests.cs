using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

public sealed partial class ResultTests
{
    [Fact]
    public async Task A_result_is_posted_as_the_platforms_own_client_does()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);

        runPod.Enqueue("j-1", """{"a": 1}""");
        await runPod.ResultOf("j-1");

        var post = runPod.RequestsTo(RunPodRoute.Result).ShouldHaveSingleItem();
        post.Method.ShouldBe("POST");
        post.Target.ShouldBe("/v2/fake/job-done/pod-1/j-1?gpu=NVIDIA+RTX+A5000&isStream=false");
        post.Headers["Content-Type"].ShouldBe("application/x-www-form-urlencoded");
        post.Headers["X-Request-ID"].ShouldBe("j-1");
        post.Headers["Authorization"].ShouldBe("rpa_FAKE");
        post.Text.ShouldBe("""{"output":{"a":1}}""");
    }

    [Fact]
    public async Task A_result_survives_a_platform_in_trouble_and_is_accepted_once()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var clock = new FakeTimeProvider();
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { TimeProvider = clock }
        );
        runPod.FaultNext(
            RunPodRoute.Result,
            new Fault.Status(500),
            new Fault.CloseBefore(),
            new Fault.Status(429, RetryAfterSeconds: 3),
            new Fault.Status(408),
            new Fault.Status(503)
        );

        runPod.Enqueue("j-1", "1");
        await TestWorker.AdvanceUntilAsync(
            clock,
            TimeSpan.FromMilliseconds(200),
            () => runPod.ResultsOf("j-1").Count == 1,
            "the result"
        );
        runPod.Enqueue("j-2", "2");
        await TestWorker.AdvanceUntilAsync(
            clock,
            TimeSpan.FromMilliseconds(200),
            () => runPod.ResultsOf("j-2").Count == 1,
            "the next result"
        );

        runPod.RequestsTo(RunPodRoute.Result).Count(post => post.JobId is "j-1").ShouldBe(6);
        runPod.ResultsOf("j-1").Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_job_stays_in_progress_until_its_result_has_arrived()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultAlways(RunPodRoute.Result, new Fault.Status(500));
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { Concurrency = 2, PingInterval = TimeSpan.FromMilliseconds(50) }
        );
        runPod.Enqueue("j-1", "1");
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Result).Count > 0, "the first post");

        await FakeRunPod.WaitForAsync(() => LastPing().Contains("job_id=j-1", StringComparison.Ordinal), "the id");
        await FakeRunPod.WaitForAsync(
            () =>
                runPod.RequestsTo(RunPodRoute.Take)[^1].Target.EndsWith("job_in_progress=1", StringComparison.Ordinal),
            "a take that says so"
        );
        runPod.FaultAlways(RunPodRoute.Result, null);
        await runPod.ResultOf("j-1");
        await FakeRunPod.WaitForAsync(() => !LastPing().Contains("job_id", StringComparison.Ordinal), "the id to go");

        string LastPing() => runPod.RequestsTo(RunPodRoute.Ping) is [.., var last] ? last.Query : "";
    }

    [Fact]
    public async Task An_outage_longer_than_the_budget_costs_the_result_but_not_the_worker()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var clock = new FakeTimeProvider();
        runPod.FaultAlways(RunPodRoute.Result, new Fault.Status(502));
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { TimeProvider = clock }
        );
        runPod.Enqueue("j-1", "1");
        await TestWorker.AdvanceUntilAsync(
            clock,
            TimeSpan.FromSeconds(1),
            () => worker.HasLogged(LogLevel.Error, "Job j-1 was given up without an answer: RunPod answered 502."),
            "the job to be given up"
        );
        runPod.RequestsTo(RunPodRoute.Result).Count.ShouldBeInRange(10, 60);

        runPod.FaultAlways(RunPodRoute.Result, null);
        runPod.Enqueue("j-2", "2");

        await TestWorker.AdvanceUntilAsync(
            clock,
            TimeSpan.FromSeconds(1),
            () => runPod.ResultsOf("j-2").Count == 1,
            "the next result"
        );
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    public async Task A_refused_result_becomes_a_short_error_that_names_its_size(int status)
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Result, new Fault.Status(status));
        await using var worker = TestWorker.Start(
            runPod,
            (_, _) => Task.FromResult(TestWorker.Json($"\"{new string('x', 3_000_000)}\""))
        );

        runPod.Enqueue("j-1", "1");

        var error = (await runPod.ResultOf("j-1")).GetProperty("error").GetString()!;
        error.ShouldContain($"status {status}");
        error.ShouldContain("3000013 bytes");
        worker.HasLogged(LogLevel.Error, "refused a result of 3000013 bytes").ShouldBeTrue();
    }

    [Theory]
    [InlineData(401)]
    [InlineData(404)]
    public async Task A_result_that_is_never_wanted_is_given_up_with_a_line(int status)
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Result, new Fault.Status(status));
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);

        runPod.Enqueue("j-1", "1");
        runPod.Enqueue("j-2", "2");
        await runPod.ResultOf("j-2");

        runPod.RequestsTo(RunPodRoute.Result).Count.ShouldBe(2);
        worker
            .HasLogged(LogLevel.Error, $"Job j-1 was given up without an answer: RunPod answered {status}")
            .ShouldBeTrue();
    }

    [Fact]
    public async Task A_closed_connection_after_acceptance_does_not_stop_the_worker()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Result, new Fault.CloseAfter());
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);

        runPod.Enqueue("j-1", "1");
        runPod.Enqueue("j-2", "2");

        (await runPod.ResultOf("j-2")).GetProperty("output").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task An_error_is_posted_as_a_string()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            (_, _) => Task.FromResult(JobResult.FromError("text is missing; \"send\" a text"))
        );

        runPod.Enqueue("j-1", "1");

        (await runPod.ResultOf("j-1")).GetRawText().ShouldBe("""{"error":"text is missing; \"send\" a text"}""");
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("throws at once")]
    [InlineData("is not JSON")]
    [InlineData("is two values")]
    [InlineData("is empty")]
    [InlineData("is null")]
    public async Task A_bug_in_the_handler_gives_the_client_an_id_and_the_log_the_rest(string bug)
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            async (_, _) =>
            {
                if (bug is not "throws at once")
                {
                    await Task.Yield();
                }

                return bug switch
                {
                    "is not JSON" => TestWorker.Json("{nope"),
                    "is two values" => TestWorker.Json("1 2"),
                    "is empty" => TestWorker.Json(""),
                    "is null" => null!,
                    _ => throw new InvalidOperationException("a secret detail"),
                };
            },
            options => options with { ErrorDetails = JobErrorDetails.Hidden }
        );

        runPod.Enqueue("j-1", "1");

        var error = (await runPod.ResultOf("j-1")).GetProperty("error").GetString()!;
        error.ShouldNotContain("secret");
        var line = worker.Logs.Single(line => line.Level == LogLevel.Error);
        var errorId = line.GetStructuredStateValue("ErrorId")!;
        errorId.Length.ShouldBe(8);
        error.ShouldContain(errorId);
        line.Exception.ShouldNotBeNull();
    }

    [Fact]
    public async Task An_exception_is_told_whole_unless_it_is_to_be_hidden()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            (_, _) => throw new InvalidOperationException("It's \"böse\"."),
            options => options with { PodHostname = "host-1" }
        );

        runPod.Enqueue("j-1", "1");

        var error = JsonElement.Parse((await runPod.ResultOf("j-1")).GetProperty("error").GetString()!);
        error.GetProperty("error_type").GetString().ShouldBe("System.InvalidOperationException");
        error.GetProperty("error_message").GetString().ShouldBe("It's \"böse\".");
        error.GetProperty("error_traceback").GetString()!.ShouldContain(nameof(ResultTests));
        error.GetProperty("hostname").GetString().ShouldBe("host-1");
        error.GetProperty("worker_id").GetString().ShouldBe("pod-1");
        error.GetProperty("runpod_version").GetString()!.ShouldMatch(@"^\d+\.\d+\.\d+$");
    }

    [Fact]
    public async Task A_value_that_is_no_json_fails_its_job_with_the_reason()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(
            runPod,
            (_, _) => Task.FromResult(JobResult.FromValue(double.NaN, NumbersContext.Default.Double))
        );

        runPod.Enqueue("j-1", "1");

        (await runPod.ResultOf("j-1"))
            .GetProperty("error")
            .GetString()!
            .ShouldStartWith("The result of the job cannot be written as JSON");
    }

    [Fact]
    public void A_value_is_written_by_its_type_information() =>
        Encoding
            .UTF8.GetString(((JobResult.Value)JobResult.FromValue(1.5, NumbersContext.Default.Double)).Utf8Json.Span)
            .ShouldBe("1.5");

    [JsonSerializable(typeof(double))]
    private sealed partial class NumbersContext : JsonSerializerContext;
}
