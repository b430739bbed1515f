using System.Diagnostics;
using Testing.RunPod;
using VibeVoice.Benchmarks.Measuring;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>What RunPod.Worker costs around a handler that does nothing: the published sample against a fake platform here.</summary>
internal sealed class QueueWorker : IAsyncDisposable
{
    private const int Runs = 5;
    private const int Starts = 15;
    private const int Deliveries = 200;
    private const int WarmUpJobs = 20_000;
    private const int MemoryJobs = 200_000;

    private static readonly TimeSpan Counted = TimeSpan.FromSeconds(3);

    private readonly FakeRunPod _runPod;
    private readonly MeasuredProcess _worker;
    private readonly Task _reading;

    private QueueWorker(FakeRunPod runPod, string program, int concurrency)
    {
        _runPod = runPod;
        _worker = MeasuredProcess.Start(
            program,
            [],
            [
                .. runPod
                    .Environment(endpointId: "bench")
                    .Where(variable => variable.Value is not null)
                    .Select(variable => (variable.Key, variable.Value!)),
                ("ECHO_CONCURRENCY", $"{concurrency}"),
            ]
        );
        // A log that nobody reads would stop the worker.
        _reading = _worker.Output.CopyToAsync(Stream.Null);
    }

    public static async Task<Table> MeasureAsync(Programs programs, CancellationToken cancellationToken)
    {
        (
            string Name,
            int Runs,
            int WarmUps,
            double? Aim,
            double? Least,
            Func<string, Task<double>> MeasureAsync
        )[] figures =
        [
            (
                "no-op jobs/s, 1 at once",
                Runs,
                1,
                null,
                1000,
                program => JobsPerSecondAsync(program, 1, cancellationToken)
            ),
            (
                "no-op jobs/s, 20 at once",
                Runs,
                1,
                null,
                3000,
                program => JobsPerSecondAsync(program, 20, cancellationToken)
            ),
            ("delivery to result, idle, ms", 3, 1, 3, null, program => DeliveryAsync(program, cancellationToken)),
            ("start to first take, ms", Starts, 2, 250, null, program => FirstTakeAsync(program, cancellationToken)),
            ("SIGTERM to exit, idle, ms", Starts, 2, 1000, null, program => ExitAsync(program, cancellationToken)),
            ($"MB gained over {MemoryJobs} jobs", 1, 0, 10, null, program => GrowthAsync(program, cancellationToken)),
        ];
        string[] all = programs.Against is null ? [programs.Measured] : [programs.Measured, programs.Against];
        var table = new Table(
            "A worker on a queue",
            "",
            "The published EchoWorker, a process of its own, against a fake RunPod in this one, on the same cores. Figures of "
                + $"jobs are counted over {Counted.TotalSeconds} s with the queue never empty; deliveries are medians of "
                + $"{Deliveries}; memory is resident, after {WarmUpJobs} jobs of warm-up."
        );
        foreach (var figure in figures)
        {
            var measures = all.Select<string, Func<Task<double>>>(program => () => figure.MeasureAsync(program));
            var samples = await Sample.InTurnsAsync(figure.Runs, figure.WarmUps, [.. measures]);
            table.Add(figure.Name, samples[0], figure.Aim, samples.ElementAtOrDefault(1), figure.Least);
        }

        return table;
    }

    public async ValueTask DisposeAsync()
    {
        _worker.Dispose();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _runPod.DisposeAsync();
    }

    private static async Task<QueueWorker> StartAsync(string program, int concurrency = 1, bool isBusy = false)
    {
        var runPod = await FakeRunPod.StartAsync();
        runPod.IsRecording = !isBusy;
        runPod.EndlessInput = isBusy ? "{}" : null;
        runPod.Hold = TimeSpan.FromSeconds(30);
        return new QueueWorker(runPod, program, concurrency);
    }

    private static async Task<double> JobsPerSecondAsync(string program, int concurrency, CancellationToken token)
    {
        await using var worker = await StartAsync(program, concurrency, isBusy: true);
        await worker.UntilAsync(() => worker.Results > 2000, token);
        var (before, begun) = (worker.Results, Stopwatch.GetTimestamp());
        await Task.Delay(Counted, token);
        return (worker.Results - before) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task<double> DeliveryAsync(string program, CancellationToken token)
    {
        await using var worker = await StartAsync(program);
        var times = new List<double>();
        for (var job = 0; job < Deliveries + 20; job++)
        {
            await worker.UntilAsync(() => worker._runPod.CountOf(RunPodRoute.Take) > job, token);
            await Task.Delay(10, token);
            var delivered = worker._runPod.Elapsed;
            worker._runPod.Enqueue($"job-{job}");
            // Not by the count, which is ahead of the record.
            await worker.UntilAsync(() => worker._runPod.RequestsTo(RunPodRoute.Result).Count > job, token);
            times.Add((worker._runPod.RequestsTo(RunPodRoute.Result)[^1].At - delivered).TotalMilliseconds);
        }

        return new Sample(times.Skip(20)).Median;
    }

    private static async Task<double> FirstTakeAsync(string program, CancellationToken token)
    {
        await using var worker = await StartAsync(program);
        while (worker._runPod.CountOf(RunPodRoute.Take) == 0)
        {
            await Task.Yield();
            token.ThrowIfCancellationRequested();
        }

        return worker._worker.Milliseconds;
    }

    private static async Task<double> ExitAsync(string program, CancellationToken token)
    {
        await using var worker = await StartAsync(program);
        await worker.UntilAsync(() => worker._runPod.CountOf(RunPodRoute.Take) > 0, token);
        var begun = Stopwatch.GetTimestamp();
        worker._worker.Terminate();
        await worker._worker.WaitForSuccessAsync(token);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    private static async Task<double> GrowthAsync(string program, CancellationToken token)
    {
        await using var worker = await StartAsync(program, concurrency: 20, isBusy: true);
        await worker.UntilAsync(() => worker.Results > WarmUpJobs, token);
        var before = ResidentMemory.NowMegabytes(worker._worker.Id);
        await worker.UntilAsync(() => worker.Results > WarmUpJobs + MemoryJobs, token);
        return ResidentMemory.NowMegabytes(worker._worker.Id) - before;
    }

    private int Results => _runPod.CountOf(RunPodRoute.Result);

    private async Task UntilAsync(Func<bool> condition, CancellationToken token)
    {
        while (!condition())
        {
            if (_worker.HasExited)
            {
                throw new InvalidOperationException("The worker ended.");
            }

            await Task.Delay(1, token);
        }
    }
}
