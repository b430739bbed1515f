using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Testing.Programs;
using Testing.RunPod;

namespace RunPod.Worker.Tests.Echo;

/// <summary>What must hold while the platform, the handlers or the machine misbehave. Bars of time are a third of the figure.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class HardTimesTests
{
    private const int Sigcont = 18;
    private const int Sigstop = 19;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1_000)]
    [InlineData(20, 3_000)]
    public async Task Jobs_that_do_nothing_pass_quickly(int concurrency, int perSecond)
    {
        await using var stage = await EchoStage.StartAsync(
            runPod =>
            {
                runPod.IsRecording = false;
                runPod.EndlessInput = "{}";
            },
            settings: ("ECHO_CONCURRENCY", $"{concurrency}")
        );
        await FakeRunPod.WaitForAsync(() => Results() > 500, "the warm-up");

        var (before, watch) = (Results(), Stopwatch.StartNew());
        await Task.Delay(2000, Token);

        ((Results() - before) / watch.Elapsed.TotalSeconds).ShouldBeGreaterThan(perSecond / 3.0);

        int Results() => stage.RunPod.CountOf(RunPodRoute.Result);
    }

    [Fact]
    public async Task An_idle_worker_answers_a_delivered_job_at_once()
    {
        await using var stage = await EchoStage.StartAsync(runPod => runPod.Hold = TimeSpan.FromSeconds(30));
        var times = new List<double>();
        for (var job = 0; job < 60; job++)
        {
            await FakeRunPod.WaitForAsync(() => stage.RunPod.CountOf(RunPodRoute.Take) > job, "the poll");
            var delivered = stage.RunPod.Elapsed;
            stage.RunPod.Enqueue($"j-{job}");
            await stage.RunPod.ResultOf($"j-{job}");
            times.Add((stage.RunPod.RequestsTo(RunPodRoute.Result)[^1].At - delivered).TotalMilliseconds);
        }

        times.Order().ElementAt(times.Count / 2).ShouldBeLessThan(3 * 3);
    }

    [Fact]
    public async Task The_first_take_comes_soon_after_the_start()
    {
        var times = new List<double>();
        for (var run = 0; run < 5; run++)
        {
            var watch = Stopwatch.StartNew();
            await using var stage = await EchoStage.StartAsync();
            await stage.UntilReadyAsync();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        times.Min().ShouldBeLessThan(3 * 250);
    }

    [Fact]
    public async Task With_a_quarter_of_all_requests_failing_every_job_gets_its_one_answer()
    {
        const int jobs = 60;
        var random = new Random(5);
        Func<Fault>[] kinds =
        [
            () => new Fault.Status(500),
            () => new Fault.Status(503),
            () => new Fault.Status(429, RetryAfterSeconds: 1),
            () => new Fault.Status(408),
            () => new Fault.CloseBefore(),
            () => new Fault.Garbage(),
            () => new Fault.Delay(TimeSpan.FromMilliseconds(700)),
            () => new Fault.CloseAfter(),
        ];
        await using var stage = await EchoStage.StartAsync(
            runPod =>
            {
                // A delivery that is cut off after its acceptance is lost with the connection, which no worker can mend.
                runPod.FaultNext(RunPodRoute.Take, [.. Faults(200, kinds.Length - 1)]);
                runPod.FaultNext(RunPodRoute.Result, [.. Faults(400, kinds.Length)]);
                runPod.FaultNext(RunPodRoute.Ping, [.. Faults(200, kinds.Length)]);
                runPod.FaultNext(RunPodRoute.Stop, [.. Faults(200, kinds.Length)]);
                for (var job = 0; job < jobs; job++)
                {
                    runPod.Enqueue($"j-{job}", $$"""{"echo": {{job}}, "sleep_ms": 30}""");
                }
            },
            settings: ("ECHO_CONCURRENCY", "4")
        );

        for (var job = 0; job < jobs; job++)
        {
            var output = await stage.OutputOfAsync($"j-{job}", TimeSpan.FromSeconds(120));
            output.ShouldBe($$"""{"echo":{{job}}}""");
        }

        (await stage.StopAsync()).ShouldBe(0);
        foreach (var posts in stage.RunPod.RequestsTo(RunPodRoute.Result).GroupBy(post => post.JobId))
        {
            // Accepted twice only where the first answer never arrived; see CloseAfter.
            var after = posts.SkipWhile(post => !stage.RunPod.HasAnswered(post)).Skip(1);
            after.ShouldBeEmpty($"posts of {posts.Key} after its acceptance");
        }

        IEnumerable<Fault> Faults(int count, int known) =>
            Enumerable
                .Range(0, count)
                .Select(_ => random.Next(4) == 0 ? kinds[random.Next(known)]() : new Fault.Delay(TimeSpan.Zero));
    }

    [Fact]
    [Trait("Category", "Soak")] // an outage as long as the worker bears one
    public async Task Results_survive_an_outage_and_the_platform_is_left_in_peace()
    {
        await using var stage = await EchoStage.StartAsync(settings: ("ECHO_CONCURRENCY", "4"));
        for (var job = 0; job < 4; job++)
        {
            stage.RunPod.Enqueue($"j-{job}", """{"sleep_ms": 1500, "echo": 1}""");
        }

        await FakeRunPod.WaitForAsync(
            () => stage.RunPod.RequestsTo(RunPodRoute.Ping).Any(ping => ping.Query.Split("%2C").Length == 4),
            "four jobs in a heartbeat"
        );
        stage.RunPod.IsOut = true;
        var before = stage.RunPod.Requests.Count;
        await Task.Delay(TimeSpan.FromSeconds(20), Token);
        var during = stage.RunPod.Requests.Count - before;
        stage.RunPod.IsOut = false;

        for (var job = 0; job < 4; job++)
        {
            (await stage.OutputOfAsync($"j-{job}", TimeSpan.FromSeconds(40))).ShouldBe("""{"echo":1}""");
        }

        during.ShouldBeLessThan(100);
    }

    [Fact]
    public async Task Poison_in_a_batch_is_skipped_and_the_next_jobs_run()
    {
        await using var stage = await EchoStage.StartAsync(settings: ("ECHO_CONCURRENCY", "5"));

        stage.RunPod.EnqueueRaw(
            """[null, 7, "x", [], {}, {"id": 5, "input": {}}, {"id": "no-input"}, {"id": "good", "input": {"echo": 1}}]"""
        );
        stage.RunPod.EnqueueRaw("\"a text\"");
        stage.RunPod.EnqueueRaw("{ not json");
        for (var job = 0; job < 20; job++)
        {
            stage.RunPod.Enqueue($"j-{job}", $$"""{"echo": {{job}}}""");
        }

        (await stage.OutputOfAsync("good")).ShouldBe("""{"echo":1}""");
        for (var job = 0; job < 20; job++)
        {
            (await stage.OutputOfAsync($"j-{job}")).ShouldBe($$"""{"echo":{{job}}}""");
        }

        (await stage.RunPod.ResultOf("no-input")).GetProperty("error").GetString()!.ShouldContain("no 'input'");
        stage.Program.Output.Split("a job was skipped").Length.ShouldBe(7);
    }

    [Fact]
    public async Task A_result_that_is_too_large_fails_its_job_with_the_size()
    {
        await using var stage = await EchoStage.StartAsync();

        stage.RunPod.Enqueue("j-1", """{"bytes": 25000000}""");

        var error = (await stage.RunPod.ResultOf("j-1")).GetProperty("error").GetString()!;
        error.Length.ShouldBeLessThan(500);
        error.ShouldContain("25000022 bytes");
    }

    [Fact]
    public async Task An_idle_worker_that_is_told_to_end_ends()
    {
        await using var stage = await EchoStage.StartAsync(runPod => runPod.Hold = TimeSpan.FromSeconds(60));
        await stage.UntilReadyAsync();
        var watch = Stopwatch.StartNew();

        (await stage.StopAsync()).ShouldBe(0);

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Told_to_end_a_worker_answers_the_jobs_that_it_has()
    {
        await using var stage = await EchoStage.StartAsync(settings: ("ECHO_CONCURRENCY", "2"));
        stage.RunPod.EnqueueRaw(
            """
            [{"id":"a","input":{"sleep_ms":2500,"echo":"a"}}, {"id":"b","input":{"sleep_ms":2500,"echo":"b"}},
             {"id":"waits","input":{"sleep_ms":100,"echo":"c"}}]
            """
        );
        await FakeRunPod.WaitForAsync(
            () => stage.RunPod.RequestsTo(RunPodRoute.Ping).Any(ping => ping.Query.Contains("waits")),
            "the jobs in a heartbeat"
        );
        stage.RunPod.Enqueue("late");

        (await stage.StopAsync()).ShouldBe(0);

        foreach (var jobId in new[] { "a", "b", "waits" })
        {
            stage.RunPod.ResultsOf(jobId).Count.ShouldBe(1, jobId);
        }

        stage.RunPod.ResultsOf("late").ShouldBeEmpty();
    }

    [Fact]
    public async Task Told_to_end_twice_a_worker_goes_on_draining_and_interrupted_it_names_the_jobs_that_it_gives_up()
    {
        await using var stage = await EchoStage.StartAsync();
        stage.RunPod.EnqueueRaw(
            """[{"id":"runs","input":{"sleep_ms":60000}}, {"id":"waits","input":{"sleep_ms":60000}}]"""
        );
        await FakeRunPod.WaitForAsync(
            () => stage.RunPod.RequestsTo(RunPodRoute.Ping).Any(ping => ping.Query.Contains("waits")),
            "both jobs in a heartbeat"
        );
        stage.Program.Signal(PosixSignal.SIGTERM);
        await stage.Program.WaitForTextAsync("Stopping: 2 job(s)");

        stage.Program.Signal(PosixSignal.SIGTERM);
        await Task.Delay(500, Token);
        stage.Program.HasExited.ShouldBeFalse();
        stage.Program.Output.ShouldNotContain("given up");
        stage.Program.Signal(PosixSignal.SIGINT);

        (await stage.Program.ExitAsync()).ShouldBe(128 + 2);

        stage.Program.Output.ShouldContain("Job runs was given up without an answer");
        stage.Program.Output.ShouldContain("Job waits was given up without an answer");
    }

    [Fact]
    public async Task Stopped_jobs_leave_their_slot_and_nothing_is_posted_for_them()
    {
        await using var stage = await EchoStage.StartAsync(runPod => runPod.Hold = TimeSpan.FromSeconds(30));
        stage.RunPod.EnqueueRaw(
            """[{"id":"runs","input":{"spin_ms":60000}}, {"id":"waits","input":{"sleep_ms":60000}}]"""
        );
        await FakeRunPod.WaitForAsync(
            () => stage.RunPod.RequestsTo(RunPodRoute.Ping).Any(ping => ping.Query.Contains("waits")),
            "both jobs in a heartbeat"
        );
        var watch = Stopwatch.StartNew();

        stage.RunPod.Stop("waits", "runs");
        stage.RunPod.Enqueue("next", """{"echo": 1}""");
        await stage.RunPod.ResultOf("next");

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(3 * 0.5));
        stage.RunPod.RequestsTo(RunPodRoute.Result).ShouldAllBe(post => post.JobId == "next");
    }

    [Fact]
    public async Task The_heart_beats_on_time_while_a_handler_burns_the_processor()
    {
        await using var stage = await EchoStage.StartAsync(settings: ("ECHO_CONCURRENCY", "4"));
        for (var job = 0; job < 4; job++)
        {
            stage.RunPod.Enqueue($"j-{job}", """{"spin_ms": 8000}""");
        }

        for (var job = 0; job < 4; job++)
        {
            await stage.RunPod.ResultOf($"j-{job}");
        }

        var times = stage.RunPod.RequestsTo(RunPodRoute.Ping).Select(ping => ping.At.TotalSeconds).ToList();
        times.Count.ShouldBeGreaterThanOrEqualTo(8);
        times.Zip(times.Skip(1), (before, after) => after - before).Max().ShouldBeLessThan(1.5);
    }

    [Fact]
    public async Task A_process_that_was_frozen_goes_on()
    {
        await using var stage = await EchoStage.StartAsync();
        stage.RunPod.Enqueue("running", """{"sleep_ms": 2000, "echo": "r"}""");
        await FakeRunPod.WaitForAsync(
            () => stage.RunPod.RequestsTo(RunPodRoute.Ping).Any(ping => ping.Query.Contains("running")),
            "the job in a heartbeat"
        );

        ProcessTable.Signal(stage.Program.Id, Sigstop);
        await Task.Delay(TimeSpan.FromSeconds(8), Token);
        ProcessTable.Signal(stage.Program.Id, Sigcont);
        stage.RunPod.Enqueue("next", """{"echo": "n"}""");

        (await stage.OutputOfAsync("running")).ShouldBe("""{"echo":"r"}""");
        (await stage.OutputOfAsync("next")).ShouldBe("""{"echo":"n"}""");
        var pings = stage.RunPod.CountOf(RunPodRoute.Ping);
        await FakeRunPod.WaitForAsync(() => stage.RunPod.CountOf(RunPodRoute.Ping) > pings, "the heartbeat");
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Memory_stays_flat_over_many_jobs()
    {
        await using var stage = await EchoStage.StartAsync(
            runPod =>
            {
                runPod.IsRecording = false;
                runPod.EndlessInput = "{}";
            },
            settings: [("ECHO_CONCURRENCY", "20"), ("RUNPOD_LOG_LEVEL", "WARN")]
        );
        await UntilAsync(20_000);
        var before = ResidentMegabytes(stage.Program.Id);

        await UntilAsync(220_000);

        (ResidentMegabytes(stage.Program.Id) - before).ShouldBeLessThan(10);

        Task UntilAsync(int results) =>
            FakeRunPod.WaitForAsync(
                () => stage.RunPod.CountOf(RunPodRoute.Result) >= results,
                $"{results} jobs",
                TimeSpan.FromMinutes(10)
            );
    }

    private static double ResidentMegabytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status")
            .Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture)
            / 1024;
    }
}
