using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>Workers that die, freeze and hang up: jobs are never lost without a word.</summary>
public sealed class LostWorkerTests
{
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(40);

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task A_job_that_no_heartbeat_names_goes_to_another_worker_and_then_fails()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync();
        var waiting = await stage.RunAsync();
        await stage.Worker("dead").TakeAsync();
        await stage.Worker("dead").PingAsync(id);
        Lose();

        var again = await stage.GetAsync($"status/{id}");
        again.State.ShouldBe("IN_QUEUE");
        again.Members.ShouldBe("id retries status");
        (await stage.Worker("next").TakeIdAsync()).ShouldBe(id); // before those that came later
        await stage.Worker("next").PingAsync(id);
        Lose();

        var failed = await stage.GetAsync($"status/{id}");
        failed.State.ShouldBe("FAILED");
        failed.Error.ShouldBe("job timed out after 1 retries");
        failed.Json.GetProperty("retries").GetInt32().ShouldBe(1);
        failed.Json.GetProperty("delayTime").GetInt64().ShouldBeInRange(40_000, 60_000);
        failed.Json.GetProperty("executionTime").GetInt64().ShouldBeInRange(40_000, 60_000);
        stage.Logs.Count(line => line.StartsWith($"Job {id} was lost", StringComparison.Ordinal)).ShouldBe(2);
        var jobs = (await stage.GetAsync("health")).Json.GetProperty("jobs");
        jobs.GetProperty("retried").GetInt32().ShouldBe(1);
        jobs.GetProperty("failed").GetInt32().ShouldBe(1);
        (await stage.StateAsync(waiting)).ShouldBe("IN_QUEUE");
    }

    [Fact]
    public async Task A_job_that_heartbeats_name_stays_with_its_worker()
    {
        await using var stage = await StartAsync();
        var worker = stage.Worker();
        string[] ids = [await stage.RunAsync(), await stage.RunAsync()];
        await worker.TakeBatchAsync(2);

        for (var i = 0; i < 20; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(4));
            await worker.PingAsync(ids[0]); // the other one never reached it
        }

        (await stage.StateAsync(ids[0])).ShouldBe("IN_PROGRESS");
        (await stage.StateAsync(ids[1])).ShouldBe("IN_QUEUE");
        (await worker.StopsAsync()).ShouldBe([ids[1]]);
    }

    [Fact]
    public async Task A_worker_that_gets_its_lost_job_again_is_not_told_to_stop_it()
    {
        await using var stage = await StartAsync();
        var worker = stage.Worker();
        var id = await stage.RunAsync();
        await worker.TakeAsync();
        for (var i = 0; i < 12; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(4));
            await worker.PingAsync();
        }

        (await stage.StateAsync(id)).ShouldBe("IN_QUEUE");
        (await worker.TakeIdAsync()).ShouldBe(id);

        (await worker.StopsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_worker_without_a_heartbeat_is_trusted_until_the_execution_timeout()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();

        Advance(LostAfter * 3);
        (await stage.StateAsync(id)).ShouldBe("IN_PROGRESS");
        Advance(TimeSpan.FromMinutes(10));

        (await stage.StateAsync(id)).ShouldBe("TIMED_OUT");
    }

    [Fact]
    public async Task Progress_and_pieces_show_that_a_job_lives()
    {
        await using var stage = await StartAsync();
        var worker = stage.Worker();
        string[] ids = [await stage.RunAsync(), await stage.RunAsync()];
        await worker.TakeBatchAsync(2);
        await worker.PingAsync();

        for (var i = 0; i < 6; i++)
        {
            Advance(LostAfter / 2);
            await worker.PostAsync(ids[0], """{"status": "IN_PROGRESS", "output": 1}""");
            await worker.PostPieceAsync(ids[1], """{"output": 1}""");
        }

        (await stage.StateAsync(ids[0])).ShouldBe("IN_PROGRESS");
        (await stage.StateAsync(ids[1])).ShouldBe("IN_PROGRESS");
    }

    [Fact]
    public async Task A_late_result_of_a_lost_job_still_counts()
    {
        await using var stage = await StartAsync();
        string[] ids = [await stage.RunAsync(), await stage.RunAsync()];
        await stage.Worker("slow").TakeBatchAsync(2);
        await stage.Worker("slow").PingAsync(ids);
        Lose();
        (await stage.Worker("next").TakeBatchAsync(1)).ShouldBe([ids[1]]);

        (await stage.Worker("slow").PostAsync(ids[0], """{"output": 0}""")).ShouldBe(200);
        (await stage.Worker("slow").PostAsync(ids[1], """{"output": 1}""")).ShouldBe(200);

        foreach (var id in ids)
        {
            var job = await stage.GetAsync($"status/{id}");
            job.State.ShouldBe("COMPLETED");
            job.Json.GetProperty("workerId").GetString().ShouldBe("slow");
        }

        (await stage.Worker("next").StopsAsync()).ShouldBe([ids[1]]);
        (await stage.Worker("next").TakeAsync()).ValueKind.ShouldBe(JsonValueKind.Undefined);
        stage.Logs.ShouldContain(line => line.Contains("has now answered it", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_lost_worker_streamed_and_told_is_void()
    {
        await using var stage = await StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker("dead").TakeAsync();
        await stage.Worker("dead").PingAsync(id);
        await stage.Worker("dead").PostPieceAsync(id, """{"output": "old"}""");
        await stage.Worker("dead").PostAsync(id, """{"status": "IN_PROGRESS", "output": "old"}""");
        Lose();
        await stage.Worker("next").TakeAsync();
        await stage.Worker("dead").PostPieceAsync(id, """{"output": "older"}""");
        await stage.Worker("dead").PostAsync(id, """{"status": "IN_PROGRESS", "output": "older"}""");

        await stage.Worker("next").PostPieceAsync(id, """{"output": "new"}""");

        (await stage.GetAsync($"status/{id}")).Members.ShouldBe("delayTime id retries status workerId");
        (await stage.GetAsync($"stream/{id}"))
            .Json.GetProperty("stream")
            .GetRawText()
            .ShouldBe("""[{"output":"new"}]""");
    }

    [Fact]
    public async Task A_worker_that_is_gone_is_counted_no_more()
    {
        await using var stage = await StartAsync();
        await stage.Worker().PingAsync();
        Idle(await stage.GetAsync("health")).ShouldBe(1);

        Advance(LostAfter + TimeSpan.FromSeconds(20));

        Idle(await stage.GetAsync("health")).ShouldBe(0);

        static int Idle(Answer health) => health.Json.GetProperty("workers").GetProperty("idle").GetInt32();
    }

    [Fact]
    public async Task A_worker_whose_connections_broke_loses_its_job_within_three_heartbeats()
    {
        await using var stage = await EmulatorStage.StartAsync(o =>
            o with
            {
                PollHold = TimeSpan.FromSeconds(20),
                HeartbeatInterval = TimeSpan.FromMilliseconds(100),
            }
        );
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        await stage.Worker().PingAsync(id);

        (await ConnectAsync(stage, "job-stop/worker-1?gpu=x")).Dispose();

        var taken = await stage.Worker("next").TakeAsync(); // held until the job is there
        taken.GetProperty("id").GetString().ShouldBe(id);
        stage.Logs.ShouldContain(line => line.Contains("its connections broke", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_hangs_up_and_goes_on_beating_keeps_its_job()
    {
        await using var stage = await EmulatorStage.StartAsync(o =>
            o with
            {
                PollHold = TimeSpan.FromSeconds(1),
                HeartbeatInterval = TimeSpan.FromMilliseconds(200),
            }
        );
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        (await ConnectAsync(stage, "job-stop/worker-1?gpu=x")).Dispose();

        for (var i = 0; i < 10; i++)
        {
            await stage.Worker().PingAsync(id);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        (await stage.StateAsync(id)).ShouldBe("IN_PROGRESS");
    }

    [Fact]
    public async Task A_take_whose_worker_has_left_gets_no_job()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(20) });
        (await ConnectAsync(stage, "job-take/gone?gpu=x")).Dispose();
        await Task.Delay(100, TestContext.Current.CancellationToken);

        var id = await stage.RunAsync();

        (await stage.Worker("here").TakeIdAsync()).ShouldBe(id);
        (await stage.GetAsync($"status/{id}")).Members.ShouldBe("delayTime id status workerId");
    }

    [Fact]
    public async Task A_stop_signal_that_was_lost_is_sent_again_when_a_heartbeat_still_names_the_job()
    {
        await using var stage = await StartAsync();
        var worker = stage.Worker();
        string[] ids = [await stage.RunAsync(), await stage.RunAsync(), await stage.RunAsync(), await stage.RunAsync()];
        await worker.TakeBatchAsync(4);
        await stage.PostAsync($"cancel/{ids[0]}");
        (await worker.StopsAsync()).ShouldBe([ids[0]]); // and say it never arrived
        await worker.PostAsync(ids[1], """{"output": 1}""");
        await worker.PostAsync(ids[2], """{"error": "x"}""");

        await worker.PingAsync([.. ids, "from-another-life"]);
        await worker.PingAsync(ids);

        (await worker.StopsAsync()).ShouldBe([ids[0], "from-another-life"]);
    }

    private void Lose() => Advance(LostAfter + TimeSpan.FromSeconds(4));

    /// <summary>In steps: what looks after the jobs does so now and then.</summary>
    private void Advance(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(1))
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private Task<EmulatorStage> StartAsync() => EmulatorStage.StartAsync(o => o with { TimeProvider = _clock });

    /// <summary>Sends a request that will be held.</summary>
    private static async Task<TcpClient> ConnectAsync(EmulatorStage stage, string path)
    {
        var connection = new TcpClient { ReceiveBufferSize = 4096 };
        var url = stage.Url(path);
        await connection.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        var request = $"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\n\r\n";
        await connection
            .GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        return connection;
    }
}
