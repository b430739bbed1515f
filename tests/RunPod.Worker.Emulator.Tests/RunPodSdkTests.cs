using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Testing.RunPod;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>npm's runpod-sdk, every method of it, with a real worker behind the emulator.</summary>
public sealed class RunPodSdkTests
{
    [Fact]
    public async Task Every_method_of_the_sdk_works()
    {
        await using var stage = await EmulatorStage.StartAsync(o =>
            o with
            {
                PollHold = TimeSpan.FromSeconds(10),
                ApiKeys = ["rpa_SDK"],
            }
        );
        stage.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("rpa_SDK");
        await using var sdk = RunPodSdk.Start(stage.Emulator.BaseUrl, "my-endpoint", "rpa_SDK");
        var worker = RunningWorker.Start(stage, HandleAsync);

        var synchronous = await sdk.CallAsync("runSync", new { input = new { echo = "é" } }, 20_000);
        Text(synchronous, "status").ShouldBe("COMPLETED");
        Text(synchronous, "output").ShouldBe("é");
        Text(synchronous, "id").ShouldStartWith("sync-");
        Flags(synchronous).ShouldBe("started completed succeeded");

        var sent = await sdk.CallAsync("run", new { input = new { fail = "no" } });
        Text(sent, "status").ShouldBe("IN_QUEUE");
        var ended = await sdk.CallAsync("statusSync", Text(sent, "id"), 20_000);
        Text(ended, "status").ShouldBe("FAILED");
        Text(ended, "error").ShouldBe("no");
        Flags(ended).ShouldBe("started completed");
        var status = await sdk.CallAsync("status", Text(sent, "id"));
        status.GetRawText().ShouldBe(ended.GetRawText());

        var streaming = await sdk.CallAsync("run", new { input = new { stream = 25 } });
        var pieces = await sdk.CallAsync("stream", Text(streaming, "id"));
        pieces
            .EnumerateArray()
            .Select(piece => piece.GetProperty("output").GetInt32())
            .ShouldBe(Enumerable.Range(0, 25));

        var endless = await sdk.CallAsync("run", new { input = new { wait = true } });
        await stage.WaitForStateAsync(Text(endless, "id"), "IN_PROGRESS");
        var health = await sdk.CallAsync("health");
        health.GetProperty("workers").GetProperty("running").GetInt32().ShouldBe(1);
        health.GetProperty("jobs").GetProperty("completed").GetInt32().ShouldBe(2);
        health.GetProperty("jobs").GetProperty("failed").GetInt32().ShouldBe(1);

        await sdk.CallAsync("run", new { input = new { wait = true } });
        (await sdk.CallAsync("purgeQueue")).GetRawText().ShouldBe("""{"removed":1,"status":"completed"}""");
        var cancelled = await sdk.CallAsync("cancel", Text(endless, "id"));
        Text(cancelled, "status").ShouldBe("CANCELLED");
        (await sdk.CallAsync("stream", Text(endless, "id"))).GetArrayLength().ShouldBe(0);

        await worker.DisposeAsync();
    }

    [Fact]
    public async Task The_sdk_waits_for_a_job_longer_than_one_request_does()
    {
        await using var stage = await EmulatorStage.StartAsync();
        await using var sdk = RunPodSdk.Start(stage.Emulator.BaseUrl, "my-endpoint");

        // It asks /runsync with a wait of a second, then /status-sync for as long as it may.
        var waiting = sdk.CallAsync("runSync", new { input = 1 }, 1500);

        var result = await waiting;
        Text(result, "status").ShouldBe("IN_QUEUE");
        Flags(result).ShouldBe("started");
    }

    [Fact]
    public async Task The_sdk_tells_of_errors_as_it_does_on_runpod()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { ApiKeys = ["right"] });
        await using var wrong = RunPodSdk.Start(stage.Emulator.BaseUrl, "my-endpoint", "wrong");
        await using var right = RunPodSdk.Start(stage.Emulator.BaseUrl, "my-endpoint", "right");

        (await Should.ThrowAsync<InvalidOperationException>(() => wrong.CallAsync("health"))).Message.ShouldContain(
            "401"
        );
        (
            await Should.ThrowAsync<InvalidOperationException>(() => right.CallAsync("status", "nobody"))
        ).Message.ShouldContain("404");
        (
            await Should.ThrowAsync<InvalidOperationException>(() => right.CallAsync("run", new { }))
        ).Message.ShouldContain("400");
    }

    private static async Task<JobResult> HandleAsync(JobContext job, CancellationToken cancellationToken)
    {
        if (job.Input.TryGetProperty("stream", out var count))
        {
            return JobResult.FromStream(CountAsync(count.GetInt32(), cancellationToken));
        }

        if (job.Input.TryGetProperty("wait", out _))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        return job.Input.TryGetProperty("fail", out var error)
            ? JobResult.FromError(error.GetString()!)
            : RunningWorker.Json(job.Input.GetProperty("echo").GetRawText());
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> CountAsync(
        int count,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Delay(i % 5, cancellationToken);
            yield return Encoding.UTF8.GetBytes($"{i}");
        }
    }

    private static string Text(JsonElement answer, string name) => answer.GetProperty(name).GetString()!;

    /// <summary>Which of the SDK's own three members are true.</summary>
    private static string Flags(JsonElement answer) =>
        string.Join(
            ' ',
            new[] { "started", "completed", "succeeded" }.Where(name =>
                answer.TryGetProperty(name, out var flag) && flag.ValueKind == JsonValueKind.True
            )
        );
}
