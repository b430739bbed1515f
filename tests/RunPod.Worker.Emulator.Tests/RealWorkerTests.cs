using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>The worker of this project's library against the emulator: both sides of the protocol at once.</summary>
public sealed class RealWorkerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_are_answered()
    {
        await using var stage = await StartAsync();
        await using var worker = RunningWorker.Start(stage, RunningWorker.Echo, id: "pod-7");

        var answer = await stage.PostAsync("runsync", """{"input": {"a": [1, "é"]}}""");

        answer.State.ShouldBe("COMPLETED");
        answer.Json.GetProperty("output").GetRawText().ShouldBe("""{"a": [1, "é"]}""");
        answer.Json.GetProperty("workerId").GetString().ShouldBe("pod-7");
    }

    [Fact]
    public async Task Streams_progress_and_errors_arrive()
    {
        await using var stage = await StartAsync();
        using var goOn = new SemaphoreSlim(0);
        await using var worker = RunningWorker.Start(
            stage,
            async (job, token) =>
            {
                switch (job.Input.GetString())
                {
                    case "stream":
                        return JobResult.FromStream(PiecesAsync(token));
                    case "progress":
                        job.ReportProgress("half");
                        await goOn.WaitAsync(token);
                        return RunningWorker.Json("1");
                    default:
                        throw new JobFailedException("no such thing");
                }
            }
        );

        var stream = await stage.RunAsync("\"stream\"");
        var pieces = new List<int>();
        Answer read;
        do
        {
            read = await stage.GetAsync($"stream/{stream}");
            pieces.AddRange(
                read.Json.GetProperty("stream").EnumerateArray().Select(p => p.GetProperty("output").GetInt32())
            );
        } while (read.State is not "COMPLETED");
        pieces.ShouldBe(Enumerable.Range(0, 20));

        var progress = await stage.RunAsync("\"progress\"");
        Answer shown;
        do
        {
            shown = await stage.GetAsync($"status/{progress}");
        } while (!shown.Json.TryGetProperty("output", out _));
        shown.State.ShouldBe("IN_PROGRESS");
        shown.Json.GetProperty("output").GetString().ShouldBe("half");
        goOn.Release();
        (await stage.GetAsync($"status-sync/{progress}")).Json.GetProperty("output").GetInt32().ShouldBe(1);

        (await stage.PostAsync("runsync", """{"input": "?"}""")).Error.ShouldBe("no such thing");

        static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
            [EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            for (var i = 0; i < 20; i++)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                yield return Encoding.UTF8.GetBytes($"{i}");
            }
        }
    }

    [Fact]
    public async Task A_cancelled_job_is_stopped_in_its_handler_and_its_slot_serves_the_next()
    {
        await using var stage = await StartAsync();
        var started = new TaskCompletionSource();
        var reason = JobCancellationReason.None;
        await using var worker = RunningWorker.Start(
            stage,
            async (job, token) =>
            {
                if (job.Input.GetInt32() == 1)
                {
                    started.SetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, token)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    reason = job.CancellationReason;
                }

                return RunningWorker.Json("2");
            }
        );
        var id = await stage.RunAsync("1");
        await started.Task.WaitAsync(Token);

        (await stage.PostAsync($"cancel/{id}")).State.ShouldBe("CANCELLED");
        (await stage.PostAsync("runsync", """{"input": 2}""")).State.ShouldBe("COMPLETED");

        reason.ShouldBe(JobCancellationReason.StoppedByClient);
        (await stage.StateAsync(id)).ShouldBe("CANCELLED");
    }

    [Fact]
    public async Task A_worker_that_is_asked_to_end_answers_what_it_has_and_leaves_the_rest()
    {
        await using var stage = await StartAsync();
        using var goOn = new SemaphoreSlim(0);
        var worker = RunningWorker.Start(
            stage,
            async (_, token) =>
            {
                await goOn.WaitAsync(token);
                return RunningWorker.Json("1");
            },
            concurrency: 2
        );
        string[] ids = [await stage.RunAsync(), await stage.RunAsync(), await stage.RunAsync()];
        await stage.WaitForStateAsync(ids[0], "IN_PROGRESS");
        await stage.WaitForStateAsync(ids[1], "IN_PROGRESS");

        worker.Stop();
        goOn.Release(2);

        (await worker.Ended.WaitAsync(TimeSpan.FromSeconds(10), Token)).ShouldBe(0);
        (await stage.StateAsync(ids[0])).ShouldBe("COMPLETED");
        (await stage.StateAsync(ids[1])).ShouldBe("COMPLETED");
        (await stage.StateAsync(ids[2])).ShouldBe("IN_QUEUE");
    }

    [Fact]
    public async Task Twenty_clients_and_three_workers_lose_nothing_and_do_nothing_twice()
    {
        await using var stage = await StartAsync();
        var runs = new ConcurrentDictionary<string, int>();
        JobHandler handler = (job, token) =>
        {
            runs.AddOrUpdate(job.Id, 1, (_, count) => count + 1);
            return RunningWorker.Echo(job, token);
        };
        await using var first = RunningWorker.Start(stage, handler);
        await using var second = RunningWorker.Start(stage, handler, concurrency: 4);
        await using var third = RunningWorker.Start(stage, handler, concurrency: 16);

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 20),
            Token,
            async (client, _) =>
            {
                for (var i = 0; i < 20; i++)
                {
                    var input = $"{{\"client\":{client},\"i\":{i}}}";
                    if (i % 2 == 0)
                    {
                        var answer = await stage.PostAsync("runsync", $$"""{"input": {{input}}}""");
                        answer.Json.GetProperty("output").GetRawText().ShouldBe(input);
                    }
                    else
                    {
                        var id = await stage.RunAsync(input);
                        var answer = await stage.GetAsync($"status-sync/{id}");
                        answer.Json.GetProperty("output").GetRawText().ShouldBe(input);
                    }
                }
            }
        );

        runs.Count.ShouldBe(400);
        runs.Values.ShouldAllBe(count => count == 1);
        var jobs = (await stage.GetAsync("health")).Json.GetProperty("jobs");
        jobs.GetProperty("completed").GetInt32().ShouldBe(400);
        jobs.GetProperty("inProgress").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task Jobs_that_are_cancelled_while_they_finish_end_in_one_state_only()
    {
        await using var stage = await StartAsync();
        await using var worker = RunningWorker.Start(stage, RunningWorker.Echo, concurrency: 8);
        var ends = new ConcurrentBag<string>();

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 150),
            Token,
            async (i, _) =>
            {
                var id = await stage.RunAsync($"{i}");
                await Task.Delay(i % 4, CancellationToken.None);
                var cancelled = (await stage.PostAsync($"cancel/{id}")).State;
                await Task.Delay(5, CancellationToken.None);
                var state = await stage.StateAsync(id);
                state.ShouldBe(cancelled);
                ends.Add(state);
            }
        );

        var jobs = (await stage.GetAsync("health")).Json.GetProperty("jobs");
        jobs.GetProperty("completed").GetInt32().ShouldBe(ends.Count(state => state is "COMPLETED"));
        (await stage.PostAsync("runsync", """{"input": "still here"}""")).State.ShouldBe("COMPLETED");
        ends.ShouldAllBe(state => state == "COMPLETED" || state == "CANCELLED");
    }

    private static Task<EmulatorStage> StartAsync() =>
        EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(5) });
}
