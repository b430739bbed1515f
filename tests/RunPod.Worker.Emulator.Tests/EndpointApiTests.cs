using System.Text.Json;
using System.Text.RegularExpressions;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>The endpoint API as clients see it, with a worker that does nothing by itself.</summary>
public sealed class EndpointApiTests
{
    [Fact]
    public async Task A_job_is_queued_taken_and_completed()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var worker = stage.Worker();

        var sent = await stage.PostAsync("run", """{"input": {"text": "Hello."}}""");
        sent.Status.ShouldBe(200);
        sent.Members.ShouldBe("id status");
        sent.State.ShouldBe("IN_QUEUE");
        var id = sent.Json.GetProperty("id").GetString()!;
        id.ShouldMatch("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-u1$");
        (await stage.GetAsync($"status/{id}")).Members.ShouldBe("id status");

        var job = await worker.TakeAsync();
        job.GetRawText().ShouldBe($$$"""{"id":"{{{id}}}","input":{"text": "Hello."}}""");
        var running = await stage.GetAsync($"status/{id}");
        running.Members.ShouldBe("delayTime id status workerId");
        running.State.ShouldBe("IN_PROGRESS");

        (await worker.PostAsync(id, """{"output": {"url": "x"}}""")).ShouldBe(200);
        var ended = await stage.GetAsync($"status/{id}");
        ended.Status.ShouldBe(200);
        ended.Members.ShouldBe("delayTime executionTime id output status workerId");
        ended.State.ShouldBe("COMPLETED");
        ended.Json.GetProperty("output").GetRawText().ShouldBe("""{"url": "x"}""");
        ended.Json.GetProperty("workerId").GetString().ShouldBe("worker-1");
        stage.Logs.ShouldContain(line =>
            line.StartsWith($"Job {id} COMPLETED, worker worker-1", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("""{"output": 1}""", "COMPLETED", "1", null)]
    [InlineData("""{"output": null}""", "COMPLETED", "null", null)]
    [InlineData("{}", "COMPLETED", null, null)]
    [InlineData("""{"error": "no"}""", "FAILED", null, "\"no\"")]
    [InlineData("""{"output": {"a": 1}, "error": ["x"]}""", "FAILED", "{\"a\": 1}", "[\"x\"]")]
    [InlineData("""{"output": "x", "stopPod": true}""", "COMPLETED", "\"x\"", null)]
    public async Task A_result_decides_the_state(string result, string state, string? output, string? error)
    {
        await using var stage = await EmulatorStage.StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();

        (await stage.Worker().PostAsync(id, result)).ShouldBe(200);

        var job = (await stage.GetAsync($"status/{id}")).Json;
        job.GetProperty("status").GetString().ShouldBe(state);
        (job.TryGetProperty("output", out var value) ? value.GetRawText() : null).ShouldBe(output);
        (job.TryGetProperty("error", out value) ? value.GetRawText() : null).ShouldBe(error);
    }

    [Fact]
    public async Task A_synchronous_request_is_answered_when_its_job_ends()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(10) });
        var worker = stage.Worker();

        var answering = stage.PostAsync("runsync", """{"input": 1}""");
        var id = await worker.TakeIdAsync();
        id.ShouldStartWith("sync-");
        answering.IsCompleted.ShouldBeFalse();
        await worker.PostAsync(id, """{"output": 2}""");

        var answer = await answering;
        answer.Status.ShouldBe(200);
        answer.State.ShouldBe("COMPLETED");
        answer.Members.ShouldBe("delayTime executionTime id output status workerId");
    }

    [Fact]
    public async Task What_is_waited_for_too_long_is_answered_with_its_state()
    {
        await using var stage = await EmulatorStage.StartAsync();

        var queued = await stage.PostAsync("runsync?wait=1", """{"input": 1}""");
        queued.Status.ShouldBe(200);
        queued.State.ShouldBe("IN_QUEUE");
        queued.Members.ShouldBe("id status");
        var id = await stage.Worker().TakeIdAsync();
        var running = await stage.GetAsync($"status-sync/{id}?wait=1000");
        running.State.ShouldBe("IN_PROGRESS");
        running.Members.ShouldBe("id status");

        (await stage.PostAsync("runsync?wait=soon", """{"input": 1}""")).Status.ShouldBe(400);
        (await stage.GetAsync($"status-sync/{id}?wait=soon")).Status.ShouldBe(400);
        (await stage.GetAsync($"stream/{id}?wait=soon")).Status.ShouldBe(400);
        (await stage.GetAsync($"status/{id}?ttl=soon")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Every_route_is_there_without_a_prefix_and_under_any_endpoint()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var root = new Uri(stage.Emulator.BaseUrl, "/");
        foreach (var prefix in new[] { "", "v2/abc123/", "v2/another-one/" })
        {
            var url = new Uri(root, prefix);
            var id = (await PostAsync(url, "run", """{"input": 1}""")).Json.GetProperty("id").GetString();
            await stage.Worker().TakeAsync();
            foreach (var path in new[] { "status", "stream" })
            {
                (await PostAsync(url, $"{path}/{id}")).State.ShouldBe("IN_PROGRESS");
                (await GetAsync(url, $"{path}/{id}")).State.ShouldBe("IN_PROGRESS");
            }

            (await PostAsync(url, $"cancel/{id}")).State.ShouldBe("CANCELLED");
            (await PostAsync(url, $"status-sync/{id}")).State.ShouldBe("CANCELLED");
            (await GetAsync(url, $"status-sync/{id}")).State.ShouldBe("CANCELLED");
            (await PostAsync(url, $"retry/{id}")).Status.ShouldBe(400);
            (await PostAsync(url, "purge-queue")).State.ShouldBe("completed");
            (await GetAsync(url, "health")).Members.ShouldBe("jobs workers");
            (await PostAsync(url, "runsync?wait=1000", "{}")).Status.ShouldBe(400);
        }

        using var welcome = await stage.Http.GetAsync(root, TestContext.Current.CancellationToken);
        (await welcome.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(
            $"curl -s {stage.Emulator.EndpointUrl}/runsync"
        );

        Task<Answer> PostAsync(Uri url, string path, string? json = null) =>
            stage.SendAsync(
                new HttpRequestMessage(HttpMethod.Post, new Uri(url, path)) { Content = new StringContent(json ?? "") }
            );
        Task<Answer> GetAsync(Uri url, string path) =>
            stage.SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(url, path)));
    }

    [Theory]
    [InlineData("GET", "status/nobody")]
    [InlineData("GET", "status/nobody?ttl=5000")]
    [InlineData("GET", "status-sync/nobody")]
    [InlineData("GET", "stream/nobody")]
    [InlineData("POST", "cancel/nobody")]
    [InlineData("POST", "retry/nobody")]
    [InlineData("POST", "job-done/worker-1/nobody")]
    [InlineData("POST", "job-stream/worker-1/nobody")]
    public async Task A_job_that_nobody_knows_is_not_found(string method, string path)
    {
        await using var stage = await EmulatorStage.StartAsync();

        var answer = method is "GET" ? await stage.GetAsync(path) : await stage.PostAsync(path, """{"output": 1}""");

        answer.Status.ShouldBe(404);
        answer.Error.ShouldContain("'nobody' does not exist");
    }

    [Theory]
    [InlineData("GET", "nonsense", 404)]
    [InlineData("POST", "status", 404)]
    [InlineData("GET", "run", 405)]
    [InlineData("DELETE", "cancel/x", 405)]
    public async Task A_request_that_leads_nowhere_is_told_so(string method, string path, int status)
    {
        await using var stage = await EmulatorStage.StartAsync();

        var answer = await stage.SendAsync(new HttpRequestMessage(new HttpMethod(method), stage.Url(path)));

        answer.Status.ShouldBe(status);
        answer.Error.ShouldContain($"there is no {method} ");
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{\"input\": ", "not JSON")]
    [InlineData("{\"input\": NaN}", "not JSON")]
    [InlineData("[]", "a JSON Array")]
    [InlineData("\"x\"", "a JSON String")]
    [InlineData("{}", "'input' is missing")]
    [InlineData("""{"input": 1, "webhook": "ftp://x"}""", "'webhook' must be")]
    [InlineData("""{"input": 1, "webhook": 7}""", "'webhook' must be")]
    [InlineData("""{"input": 1, "policy": 7}""", "'policy' must be")]
    [InlineData(
        """{"input": 1, "policy": {"ttl": 9999}}""",
        "'policy.ttl' must be milliseconds from 10000 to 604800000"
    )]
    [InlineData("""{"input": 1, "policy": {"ttl": 604800001}}""", "'policy.ttl' must be")]
    [InlineData("""{"input": 1, "policy": {"ttl": "60000"}}""", "'policy.ttl' must be")]
    [InlineData(
        """{"input": 1, "policy": {"executionTimeout": 4999}}""",
        "'policy.executionTimeout' must be milliseconds from 5000"
    )]
    [InlineData("""{"input": 1, "policy": {"executionTimeout": 1e400}}""", "'policy.executionTimeout' must be")]
    public async Task A_bad_request_is_told_what_is_wrong(string body, string problem)
    {
        await using var stage = await EmulatorStage.StartAsync();

        foreach (var path in new[] { "run", "runsync" })
        {
            var answer = await stage.PostAsync(path, body);

            answer.Status.ShouldBe(400);
            answer.Error.ShouldContain(problem);
        }

        (await stage.GetAsync("health")).Json.GetProperty("jobs").GetProperty("inQueue").GetInt32().ShouldBe(0);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[1, 2]")]
    [InlineData("\"\\ud800 caf\\u00e9 ☕\"")]
    [InlineData("123456789012345678901234567890.123456789012345678901234567890")]
    [InlineData("{\"a\":  {\"b\": [ ] } }")]
    public async Task Input_output_and_s3_settings_pass_byte_for_byte(string json)
    {
        await using var stage = await EmulatorStage.StartAsync();
        var rest =
            $$""", "s3Config": {{json}}, "webhookV2": 5, "policy": {"lowPriority": true, "ttl": null}, "extra": 1""";
        var id = await stage.RunAsync(json, rest);

        var job = await stage.Worker().TakeAsync();
        job.GetProperty("input").GetRawText().ShouldBe(json);
        if (json is not "null")
        {
            job.GetProperty("s3Config").GetRawText().ShouldBe(json);
        }

        await stage.Worker().PostAsync(id, $$"""{"output": {{json}}}""");
        (await stage.GetAsync($"status/{id}")).Json.GetProperty("output").GetRawText().ShouldBe(json);
    }

    [Fact]
    public async Task A_deep_input_passes()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var deep = $"{new string('[', 300)}{new string(']', 300)}";

        await stage.RunAsync(deep);

        using var response = await stage.Http.GetAsync(
            stage.Url("job-take/w?gpu=x"),
            TestContext.Current.CancellationToken
        );
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(deep);
    }

    [Theory]
    [InlineData("run", 10)]
    [InlineData("runsync", 20)]
    public async Task Jobs_are_limited_in_size_and_so_are_their_results(string route, int limitMiB)
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(10) });
        var limit = limitMiB << 20;
        const int Around = 13; // {"input": ""}

        var tooLarge = await stage.PostAsync(route, $$"""{"input": "{{new string('x', limit - Around + 1)}}"}""");
        tooLarge.Status.ShouldBe(400);
        tooLarge.Error.ShouldBe($"bad request: body: exceeded max body size of {limitMiB}MiB");

        var text = new string('x', limit - Around);
        var answering = stage.PostAsync(route, $$"""{"input": "{{text}}"}""");
        var job = await stage.Worker().TakeAsync();
        job.GetProperty("input").GetString()!.Length.ShouldBe(text.Length);
        var id = job.GetProperty("id").GetString()!;
        (await stage.Worker().PostAsync(id, $$"""{"output": "{{text}}xx"}""")).ShouldBe(400);
        (await stage.StateAsync(id)).ShouldBe("IN_PROGRESS");
        (await stage.Worker().PostAsync(id, $$"""{"output":"{{text}}"}""")).ShouldBe(200);

        await answering;
        (await stage.GetAsync($"status/{id}")).Json.GetProperty("output").GetString()!.Length.ShouldBe(text.Length);
    }

    [Fact]
    public async Task A_body_without_a_length_is_limited_too()
    {
        await using var stage = await EmulatorStage.StartAsync();
        using var content = new StreamContent(new MemoryStream(new byte[11 << 20]));
        using var request = new HttpRequestMessage(HttpMethod.Post, stage.Url("run")) { Content = content };
        request.Headers.TransferEncodingChunked = true;

        (await stage.SendAsync(request)).Error.ShouldContain("exceeded max body size of 10MiB");
    }

    [Fact]
    public async Task Jobs_that_failed_or_timed_out_can_be_retried_and_no_others()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var worker = stage.Worker();
        var id = await stage.RunAsync("""{"n": 1}""");
        (await stage.PostAsync($"retry/{id}")).Status.ShouldBe(400);
        await worker.TakeAsync();
        (await stage.PostAsync($"retry/{id}")).Error.ShouldContain("the job is IN_PROGRESS");
        await worker.PostAsync(id, """{"error": "no", "output": 1}""");

        var retried = await stage.PostAsync($"retry/{id}");

        retried.Status.ShouldBe(200);
        retried.Json.GetRawText().ShouldBe($$"""{"id":"{{id}}","status":"IN_QUEUE"}""");
        (await stage.GetAsync($"status/{id}")).Members.ShouldBe("id status");
        (await worker.TakeAsync()).GetRawText().ShouldBe($$$"""{"id":"{{{id}}}","input":{"n": 1}}""");
        await worker.PostAsync(id, """{"output": 2}""");
        (await stage.StateAsync(id)).ShouldBe("COMPLETED");
        (await stage.PostAsync($"retry/{id}")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task A_purge_takes_the_queue_and_leaves_what_runs()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var running = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        string[] queued = [await stage.RunAsync(), await stage.RunAsync()];

        var purged = await stage.PostAsync("purge-queue");

        purged.Json.GetRawText().ShouldBe("""{"removed":2,"status":"completed"}""");
        (await stage.StateAsync(running)).ShouldBe("IN_PROGRESS");
        (await stage.StateAsync(queued[0])).ShouldBe("CANCELLED");
        (await stage.Worker().TakeAsync()).ValueKind.ShouldBe(JsonValueKind.Undefined);
        stage.Logs.ShouldContain(line => line.StartsWith($"Job {queued[1]} CANCELLED", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_counts_jobs_and_workers()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var (busy, idle, ill) = (stage.Worker("busy"), stage.Worker("idle"), stage.Worker("ill"));
        await idle.TakeAsync();
        await stage.GetAsync("ping/ill?status=unhealthy&check=gpu&reason=ValueError: no&runpod_version=1");
        string[] jobs = [.. await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => stage.RunAsync()))];
        var taken = await busy.TakeBatchAsync(3);
        await busy.PostAsync(taken[0], """{"output": 1}""");
        await busy.PostAsync(taken[1], """{"error": "x"}""");

        Normal((await stage.GetAsync("health")).Json)
            .ShouldBe(
                "jobs: completed 1, failed 1, inProgress 1, inQueue 2, retried 0; "
                    + "workers: idle 1, initializing 0, ready 1, running 1, throttled 0, unhealthy 1"
            );
        stage.Logs.ShouldContain("Worker ill is unhealthy: gpu: ValueError: no.");
        await ill.PingAsync();
        (await stage.GetAsync("health")).Json.GetProperty("workers").GetProperty("idle").GetInt32().ShouldBe(2);

        static string Normal(JsonElement health) =>
            Regex
                .Replace(health.GetRawText().Replace("},", "; ", StringComparison.Ordinal), "[{}\"]", "")
                .Replace(",", ", ", StringComparison.Ordinal)
                .Replace(":", " ", StringComparison.Ordinal)
                .Replace("jobs ", "jobs: ", StringComparison.Ordinal)
                .Replace("workers ", "workers: ", StringComparison.Ordinal);
    }
}
