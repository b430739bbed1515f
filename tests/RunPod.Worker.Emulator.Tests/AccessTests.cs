using System.Net.Http.Headers;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>Keys, limits of requests, options, and where the emulator listens.</summary>
public sealed class AccessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, 401)]
    [InlineData("Bearer", 401)]
    [InlineData("Bearer key-3", 401)]
    [InlineData("key-", 401)]
    [InlineData("Bearer key-1", 200)]
    [InlineData("bearer  key-2 ", 200)]
    [InlineData("key-2", 200)]
    public async Task Where_keys_are_set_one_of_them_is_needed(string? header, int status)
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { ApiKeys = ["key-1", "key-2"] });
        foreach (var path in new[] { "health", "status/x", "../../health" })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, stage.Url(path));
            request.Headers.TryAddWithoutValidation("Authorization", header);

            var answer = await stage.SendAsync(request);

            answer.Status.ShouldBe(status == 200 && path.Contains('x') ? 404 : status);
        }
    }

    [Fact]
    public async Task Where_keys_are_set_workers_need_theirs()
    {
        await using var stage = await EmulatorStage.StartAsync(o =>
            o with
            {
                ApiKeys = ["key-1"],
                WorkerApiKey = "rpa_worker",
            }
        );
        stage.Emulator.WorkerEnvironment()["RUNPOD_AI_API_KEY"].ShouldBe("rpa_worker");

        (await stage.GetAsync("job-take/w?gpu=x")).Status.ShouldBe(401);
        stage.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("key-1");
        (await stage.GetAsync("job-take/w?gpu=x")).Status.ShouldBe(401);
        (await stage.GetAsync("health")).Status.ShouldBe(200);

        stage.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("rpa_worker");
        (await stage.GetAsync("job-take/w?gpu=x")).Status.ShouldBe(204);
        (await stage.GetAsync("health")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Limits_of_requests_are_met_where_they_are_wanted()
    {
        var clock = new FakeTimeProvider();
        await using var limited = await EmulatorStage.StartAsync(o =>
            o with
            {
                HasRateLimits = true,
                TimeProvider = clock,
            }
        );
        await using var free = await EmulatorStage.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            (await free.PostAsync("purge-queue")).Status.ShouldBe(200);
            (await limited.PostAsync("purge-queue")).Status.ShouldBe(i < 2 ? 200 : 429);
        }

        (await limited.GetAsync("health")).Status.ShouldBe(200);
        clock.Advance(TimeSpan.FromSeconds(10));
        (await limited.PostAsync("purge-queue")).Status.ShouldBe(200);
    }

    [Fact]
    public void Options_that_cannot_work_are_all_told()
    {
        var problems = new RunPodEmulatorOptions
        {
            Host = "example.com",
            Port = 65_536,
            EndpointId = "a/b",
            WorkerApiKey = "",
            MaxRetries = -1,
            HeartbeatInterval = TimeSpan.Zero,
            JobLostAfter = TimeSpan.FromDays(1),
            PollHold = TimeSpan.FromSeconds(90),
            ExecutionTimeout = TimeSpan.FromDays(8),
            TimeToLive = TimeSpan.Zero,
            ResultRetention = TimeSpan.Zero,
            SyncResultRetention = TimeSpan.FromDays(-1),
        }.FindProblems();

        problems.Count.ShouldBe(12);
        problems.ShouldAllBe(problem => problem.Contains("must be", StringComparison.Ordinal) && problem.EndsWith('.'));
        new RunPodEmulatorOptions().FindProblems().ShouldBeEmpty();
    }

    [Fact]
    public async Task It_does_not_start_with_options_that_cannot_work()
    {
        var options = new RunPodEmulatorOptions { Port = -1 };

        var exception = await Should.ThrowAsync<ArgumentException>(() =>
            RunPodEmulator.StartAsync(options, NullLoggerFactory.Instance, Token)
        );

        exception.Message.ShouldContain("Port is -1");
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task It_listens_where_it_is_told_and_says_when_the_port_is_taken(string host)
    {
        await using var any = await EmulatorStage.StartAsync();
        var options = new RunPodEmulatorOptions { Host = host, Port = any.Emulator.BaseUrl.Port };
        await Should.ThrowAsync<IOException>(() =>
            RunPodEmulator.StartAsync(options, NullLoggerFactory.Instance, Token)
        );
        await any.Emulator.DisposeAsync();

        await using var emulator = await RunPodEmulator.StartAsync(options, NullLoggerFactory.Instance, Token);

        emulator.BaseUrl.Port.ShouldBe(options.Port);
        using var response = await any.Http.GetAsync(new Uri($"{emulator.EndpointUrl}/health"), Token);
        response.IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task A_worker_is_told_where_to_go()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { EndpointId = "ep-1", WorkerApiKey = "k" });
        var endpoint = $"http://127.0.0.1:{stage.Emulator.BaseUrl.Port}/v2/ep-1";

        var environment = stage.Emulator.WorkerEnvironment("pod-1");

        environment["RUNPOD_WEBHOOK_GET_JOB"].ShouldBe($"{endpoint}/job-take/$ID?gpu=local");
        environment["RUNPOD_WEBHOOK_POST_OUTPUT"].ShouldBe($"{endpoint}/job-done/$RUNPOD_POD_ID/$ID?gpu=local");
        environment["RUNPOD_WEBHOOK_POST_STREAM"].ShouldBe($"{endpoint}/job-stream/$RUNPOD_POD_ID/$ID?gpu=local");
        environment["RUNPOD_WEBHOOK_PING"].ShouldBe($"{endpoint}/ping/$RUNPOD_POD_ID");
        environment["RUNPOD_PING_INTERVAL"].ShouldBe("4000");
        environment["RUNPOD_POD_ID"].ShouldBe("pod-1");
        stage.Emulator.WorkerEnvironment()["RUNPOD_POD_ID"].ShouldNotBe("pod-1");

        var shell = await stage.Http.GetStringAsync(stage.Url("env"), Token);
        var lines = shell.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[..^1].ShouldBe(environment.Take(6).Select(variable => $"export {variable.Key}='{variable.Value}'"));
        lines[^1].ShouldStartWith("export RUNPOD_POD_ID='local-");
    }

    [Theory]
    [InlineData("localhost", "http://localhost:8000/v2")]
    [InlineData("0.0.0.0", "http://localhost:8000/v2")]
    [InlineData("::", "http://localhost:8000/v2")]
    [InlineData("::1", "http://[::1]:8000/v2")]
    [InlineData("192.0.2.1", "http://192.0.2.1:8000/v2")]
    public void The_base_url_is_one_that_can_be_reached(string host, string url)
    {
        var options = new RunPodEmulatorOptions
        {
            Host = host,
            Port = 8000,
            WorkerApiKey = "secret",
        };

        options.BaseUrl().ShouldBe(url);
        $"{options}".ShouldNotContain("secret");
    }

    [Fact]
    public async Task Ending_answers_what_is_held_and_names_what_is_dropped()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(60) });
        var running = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        var taking = stage.Worker().TakeAsync();
        var streaming = stage.GetAsync($"stream/{running}");
        var waiting = stage.GetAsync($"status-sync/{running}");
        await Task.Delay(200, Token);

        // The emulator alone: its client would take answers that are on their way with it.
        await stage.Emulator.DisposeAsync();

        (await taking).ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Undefined);
        (await streaming).State.ShouldBe("IN_PROGRESS");
        (await waiting).State.ShouldBe("IN_PROGRESS");
        stage.Logs.ShouldContain($"Job {running} was dropped while it was IN_PROGRESS: the emulator ends.");
        await stage.Emulator.DisposeAsync(); // twice does no harm
    }
}
