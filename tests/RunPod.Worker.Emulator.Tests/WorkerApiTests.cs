using System.Diagnostics;
using System.Text.Json;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>The routes that workers use.</summary>
public sealed class WorkerApiTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Jobs_are_handed_out_in_order_one_by_one_or_in_batches()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            ids.Add(await stage.RunAsync($"{i}"));
        }

        (await stage.Worker().TakeIdAsync()).ShouldBe(ids[0]);
        (await stage.Worker().TakeBatchAsync(3)).ShouldBe(ids[1..4]);
        (await stage.Worker("worker-2").TakeBatchAsync(9)).ShouldBe(ids[4..]);
        (await stage.Worker().TakeBatchAsync(2)).ShouldBeEmpty();
        (await stage.Worker().TakeAsync()).ValueKind.ShouldBe(JsonValueKind.Undefined);
    }

    [Fact]
    public async Task A_take_is_held_until_a_job_comes_or_the_time_is_over()
    {
        await using var stage = await EmulatorStage.StartAsync(o =>
            o with
            {
                PollHold = TimeSpan.FromMilliseconds(400),
            }
        );
        var watch = Stopwatch.StartNew();
        (await stage.Worker().TakeAsync()).ValueKind.ShouldBe(JsonValueKind.Undefined);
        watch.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(350));

        var taking = stage.Worker().TakeIdAsync();
        var id = await stage.RunAsync();

        (await taking).ShouldBe(id);
    }

    [Fact]
    public async Task Of_many_takes_one_gets_the_job()
    {
        await using var stage = await EmulatorStage.StartAsync(o =>
            o with
            {
                PollHold = TimeSpan.FromMilliseconds(700),
            }
        );
        var takes = Enumerable.Range(0, 8).Select(i => stage.Worker($"w{i}").TakeAsync()).ToList();
        await Task.Delay(100, TestContext.Current.CancellationToken);

        await stage.RunAsync();

        (await Task.WhenAll(takes)).Count(job => job.ValueKind == JsonValueKind.Object).ShouldBe(1);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("many")]
    [InlineData("")]
    public async Task A_batch_of_nonsense_is_refused(string size)
    {
        await using var stage = await EmulatorStage.StartAsync();

        (await stage.GetAsync($"job-take-batch/w?gpu=x&batch_size={size}")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task A_cancelled_job_is_a_stop_signal_for_its_worker_only_and_once()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var (mine, other) = (stage.Worker(), stage.Worker("other"));
        await other.TakeAsync();
        string[] ids = [await stage.RunAsync(), await stage.RunAsync()];
        await mine.TakeBatchAsync(2);

        foreach (var id in ids)
        {
            var cancelled = await stage.PostAsync($"cancel/{id}");
            cancelled.Json.GetRawText().ShouldBe($$"""{"id":"{{id}}","status":"CANCELLED"}""");
        }

        (await other.StopsAsync()).ShouldBeEmpty();
        (await mine.StopsAsync()).ShouldBe(ids);
        (await mine.StopsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stop_signal_reaches_a_worker_that_listens()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = Long });
        var worker = stage.Worker();
        var id = await stage.RunAsync();
        await worker.TakeAsync();
        var listening = worker.StopsAsync();

        await stage.PostAsync($"cancel/{id}");

        (await listening).ShouldBe([id]);
    }

    [Fact]
    public async Task A_job_cancelled_in_the_queue_reaches_no_worker()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var id = await stage.RunAsync();
        (await stage.PostAsync($"cancel/{id}")).State.ShouldBe("CANCELLED");

        (await stage.Worker().TakeAsync()).ValueKind.ShouldBe(JsonValueKind.Undefined);
        (await stage.Worker().StopsAsync()).ShouldBeEmpty();
        (await stage.GetAsync($"status/{id}")).Members.ShouldBe("id status");
    }

    [Fact]
    public async Task The_first_result_counts_and_later_posts_change_nothing()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var worker = stage.Worker();
        var id = await stage.RunAsync();
        await worker.TakeAsync();
        await worker.PostAsync(id, """{"output": 1}""");

        (await worker.PostAsync(id, """{"output": 2}""")).ShouldBe(200);
        (await worker.PostAsync(id, """{"error": "late"}""")).ShouldBe(200);
        (await worker.PostAsync(id, """{"status": "IN_PROGRESS", "output": 3}""")).ShouldBe(200);
        (await worker.PostPieceAsync(id, """{"output": 4}""")).ShouldBe(200);

        var job = await stage.GetAsync($"status/{id}");
        job.State.ShouldBe("COMPLETED");
        job.Json.GetProperty("output").GetInt32().ShouldBe(1);
        (await stage.GetAsync($"stream/{id}")).Json.GetProperty("stream").GetArrayLength().ShouldBe(0);
        (await stage.GetAsync("health")).Json.GetProperty("jobs").GetProperty("completed").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task The_result_of_a_cancelled_job_is_thrown_away()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        await stage.PostAsync($"cancel/{id}");

        (await stage.Worker().PostAsync(id, """{"output": 1}""")).ShouldBe(200);

        var job = await stage.GetAsync($"status/{id}");
        job.State.ShouldBe("CANCELLED");
        job.Members.ShouldBe("delayTime executionTime id status workerId");
        (await stage.PostAsync($"cancel/{id}")).State.ShouldBe("CANCELLED");
    }

    [Fact]
    public async Task Cancelling_what_has_ended_changes_nothing()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        await stage.Worker().PostAsync(id, """{"output": 1}""");

        (await stage.PostAsync($"cancel/{id}")).State.ShouldBe("COMPLETED");
        (await stage.Worker().StopsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Progress_is_the_output_while_a_job_runs()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var worker = stage.Worker();
        var id = await stage.RunAsync();
        await worker.TakeAsync();
        await worker.PostAsync(id, """{"status": "IN_PROGRESS", "output": {"share": 0.1}}""");
        await worker.PostAsync(id, """{"status": "IN_PROGRESS", "output": {"share": 0.5}}""");
        await stage.Worker("impostor").PostAsync(id, """{"status": "IN_PROGRESS", "output": "mine"}""");

        var running = await stage.GetAsync($"status/{id}");
        running.State.ShouldBe("IN_PROGRESS");
        running.Json.GetProperty("output").GetRawText().ShouldBe("""{"share": 0.5}""");
        await worker.PostAsync(id, "{}");
        (await stage.GetAsync($"status/{id}")).Members.ShouldBe("delayTime executionTime id status workerId");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"output\": NaN}")]
    [InlineData("[1]")]
    [InlineData("output=1")]
    public async Task A_result_that_is_no_object_is_refused_and_the_job_goes_on(string body)
    {
        await using var stage = await EmulatorStage.StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();

        (await stage.Worker().PostAsync(id, body)).ShouldBe(400);
        (await stage.Worker().PostPieceAsync(id, body)).ShouldBe(400);

        (await stage.StateAsync(id)).ShouldBe("IN_PROGRESS");
    }

    [Fact]
    public async Task A_result_is_read_as_json_whatever_type_it_claims()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        using var content = new StringContent("""{"output": "é"}""");
        content.Headers.ContentType = new("application/x-www-form-urlencoded");

        await stage.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, stage.Url($"job-done/worker-1/{id}?gpu=A&isStream=false"))
            {
                Content = content,
            }
        );

        (await stage.GetAsync($"status/{id}")).Json.GetProperty("output").GetString().ShouldBe("é");
    }

    [Fact]
    public async Task A_heartbeat_may_name_as_many_jobs_as_a_worker_ever_sends()
    {
        await using var stage = await EmulatorStage.StartAsync();

        await stage.Worker().PingAsync([.. Enumerable.Range(0, 1500).Select(_ => $"{Guid.NewGuid()}-u1")]);
    }
}
