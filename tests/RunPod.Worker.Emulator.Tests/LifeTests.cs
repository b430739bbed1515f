using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>Times: how long jobs live, run and are remembered.</summary>
public sealed class LifeTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task A_job_that_runs_too_long_times_out_and_its_worker_is_told()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync("1", """, "policy": {"executionTimeout": 7000}""");
        _clock.Advance(TimeSpan.FromSeconds(60)); // waiting does not count
        await stage.Worker().TakeAsync();
        _clock.Advance(TimeSpan.FromSeconds(6.9));
        (await stage.StateAsync(id)).ShouldBe("IN_PROGRESS");

        _clock.Advance(TimeSpan.FromSeconds(0.2));

        var job = await stage.GetAsync($"status/{id}");
        job.State.ShouldBe("TIMED_OUT");
        job.Error.ShouldBe("job took longer than its executionTimeout of 7000 ms");
        job.Json.GetProperty("delayTime").GetInt64().ShouldBe(60_000);
        job.Json.GetProperty("executionTime").GetInt64().ShouldBe(7_100);
        (await stage.Worker().StopsAsync()).ShouldBe([id]);
        (await stage.Worker().PostAsync(id, """{"output": 1}""")).ShouldBe(200);
        (await stage.StateAsync(id)).ShouldBe("TIMED_OUT");
        (await stage.PostAsync($"retry/{id}")).State.ShouldBe("IN_QUEUE");
    }

    [Fact]
    public async Task A_job_without_a_policy_runs_for_ten_minutes()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        _clock.Advance(TimeSpan.FromSeconds(599));
        (await stage.StateAsync(id)).ShouldBe("IN_PROGRESS");

        _clock.Advance(TimeSpan.FromSeconds(2));

        (await stage.StateAsync(id)).ShouldBe("TIMED_OUT");
    }

    [Fact]
    public async Task A_retried_job_has_all_of_its_time_again()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync("1", """, "policy": {"executionTimeout": 10000}""");
        await stage.Worker().TakeAsync();
        _clock.Advance(TimeSpan.FromSeconds(9));
        await stage.Worker().PostAsync(id, """{"error": "x"}""");
        await stage.PostAsync($"retry/{id}");
        await stage.Worker().TakeAsync();

        _clock.Advance(TimeSpan.FromSeconds(9));

        (await stage.StateAsync(id)).ShouldBe("IN_PROGRESS");
        (await stage.GetAsync($"status/{id}")).Json.GetProperty("delayTime").GetInt64().ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_ttl_deletes_a_job_whether_it_waits_or_runs(bool isRunning)
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync("1", """, "policy": {"ttl": 15000}""");
        if (isRunning)
        {
            await stage.Worker().TakeAsync();
        }

        var waiting = stage.GetAsync($"status-sync/{id}?wait=300000");
        _clock.Advance(TimeSpan.FromSeconds(14.9));
        (await stage.GetAsync($"status/{id}")).Status.ShouldBe(200);
        _clock.Advance(TimeSpan.FromSeconds(0.2));

        (await stage.GetAsync($"status/{id}")).Status.ShouldBe(404);
        (await waiting).Status.ShouldBe(404);
        (await stage.Worker().TakeAsync()).ValueKind.ShouldBe(JsonValueKind.Undefined);
        (await stage.Worker().StopsAsync()).ShouldBe(isRunning ? [id] : []);
        (await stage.Worker().PostAsync(id, """{"output": 1}""")).ShouldBe(404);
        stage.Logs.ShouldContain(line => line.StartsWith($"Job {id} was deleted", StringComparison.Ordinal));
        var jobs = (await stage.GetAsync("health")).Json.GetProperty("jobs");
        jobs.GetProperty("inQueue").GetInt32().ShouldBe(0);
        jobs.GetProperty("inProgress").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task A_status_request_can_shorten_a_life()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync();
        (await stage.GetAsync($"status/{id}?ttl=6000")).State.ShouldBe("IN_QUEUE");

        _clock.Advance(TimeSpan.FromSeconds(6));

        (await stage.GetAsync($"status/{id}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Without_a_ttl_a_job_waits_for_a_day()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync();
        _clock.Advance(TimeSpan.FromHours(23.9));
        (await stage.StateAsync(id)).ShouldBe("IN_QUEUE");

        _clock.Advance(TimeSpan.FromHours(0.2));

        (await stage.GetAsync($"status/{id}")).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("run", 1800)]
    [InlineData("runsync?wait=1000", 60)]
    [InlineData("runsync?wait=240000", 240)]
    public async Task Results_are_kept_for_a_while(string route, int seconds)
    {
        await using var stage = await StartAsync();
        var sending = stage.PostAsync(route, """{"input": 1}""");
        var id = await TakeAsync(stage);
        await stage.Worker().PostAsync(id, """{"output": 1}""");
        await sending;
        _clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        (await stage.StateAsync(id)).ShouldBe("COMPLETED");

        _clock.Advance(TimeSpan.FromSeconds(2));

        (await stage.GetAsync($"status/{id}")).Status.ShouldBe(404);
        (await stage.GetAsync($"stream/{id}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_wait_goes_by_the_clock()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync();
        var waiting = stage.GetAsync($"status-sync/{id}");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(89));
        await Task.Delay(100, TestContext.Current.CancellationToken);
        waiting.IsCompleted.ShouldBeFalse();

        _clock.Advance(TimeSpan.FromSeconds(2));

        (await waiting).State.ShouldBe("IN_QUEUE");
    }

    private Task<EmulatorStage> StartAsync() => EmulatorStage.StartAsync(o => o with { TimeProvider = _clock });

    private static async Task<string> TakeAsync(EmulatorStage stage)
    {
        while (true)
        {
            if (await stage.Worker().TakeAsync() is { ValueKind: JsonValueKind.Object } job)
            {
                return job.GetProperty("id").GetString()!;
            }
        }
    }
}
