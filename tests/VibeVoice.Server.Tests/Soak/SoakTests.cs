using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Testing;
using Testing.Programs;
using Testing.RunPod;
using Testing.S3;
using VibeVoice.Server.Tests.Delivery;
using VibeVoice.Server.Tests.Queue.Endpoint;

namespace VibeVoice.Server.Tests.Soak;

/// <summary>Hundreds of jobs while everything around the worker fails at random: every law still holds.</summary>
[Collection(ProcessesCollection.Name)]
[Trait("Category", "Soak")]
public sealed partial class SoakTests(S3ServerFixture server, ITestOutputHelper output) : IClassFixture<S3ServerFixture>
{
    private const int JobsInARound = 40;

    private static readonly TimeSpan _duration = TimeSpan.FromMinutes(3.5);
    private static readonly TimeSpan _warmUp = TimeSpan.FromMinutes(1);

    private readonly List<SoakJob> _jobs = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_job_gets_one_answer_and_nothing_is_left_behind()
    {
        await using var proxy = await S3Proxy.StartAsync((await server.GetAsync(Token)).Url, Token);
        await using var stage = await EndpointStage.StartAsync(proxy.Url, ("WORKER_CONCURRENCY", "4"));
        Chaos.DisturbBucket(proxy);
        await stage.UntilReadyAsync();
        using var ended = new CancellationTokenSource();
        var killing = Chaos.KillToolsAsync(stage.Program, ended.Token);

        var vitals = await RunRoundsAsync(stage);

        await ended.CancelAsync();
        Report(stage, vitals, await killing);
        ShouldBeFlat(vitals);
        ProcessTable.ZombiesOf(stage.Program.Id).ShouldBeEmpty();
        // Jobs that were stopped before they were taken may still run: the worker ends when they have.
        (await stage.StopAsync()).ShouldBe(0);
        stage.Program.Errors.ShouldBeEmpty();
        await ShouldHaveLeftNothingAsync(stage, proxy);
    }

    /// <summary>Round after round until the time is over; gives the vitals at each pause between two.</summary>
    private async Task<List<(TimeSpan At, Vitals Vitals)>> RunRoundsAsync(EndpointStage stage)
    {
        var vitals = new List<(TimeSpan, Vitals)>();
        var source = new SoakJobs(seed: 1);
        var clock = Stopwatch.StartNew();
        for (var round = 0; clock.Elapsed < _duration; round++)
        {
            Chaos.DisturbPlatform(stage.RunPod, seed: round);
            var jobs = Enumerable.Range(0, JobsInARound).Select(_ => source.Next()).ToList();
            _jobs.AddRange(jobs);
            await RunRoundAsync(stage, jobs);
            vitals.Add((clock.Elapsed, Vitals.Of(stage.Program.Id)));
        }

        return vitals;
    }

    private static async Task RunRoundAsync(EndpointStage stage, IReadOnlyList<SoakJob> jobs)
    {
        foreach (var job in jobs)
        {
            stage.RunPod.Enqueue(job.Id, job.Input);
        }

        await Task.WhenAll(jobs.Where(job => job.StopAfter is not null).Select(job => StopAsync(stage, job)));
        foreach (var job in jobs.Where(job => job.StopAfter is null))
        {
            await stage.RunPod.ResultOf(job.Id, TimeSpan.FromMinutes(1));
        }

        // Stopped jobs give no sign when they are gone, but for what they no longer hold.
        await FakeRunPod.WaitForAsync(() => stage.Program.Children.Count == 0, "the tools to end");
    }

    private static async Task StopAsync(EndpointStage stage, SoakJob job)
    {
        await Task.Delay(job.StopAfter!.Value, Token);
        stage.RunPod.Stop(job.Id);
    }

    private async Task ShouldHaveLeftNothingAsync(EndpointStage stage, S3Proxy proxy)
    {
        var keys = (await stage.KeysAsync()).ToDictionary(
            key => Path.GetFileNameWithoutExtension(key),
            StringComparer.Ordinal
        );
        var posted = stage
            .RunPod.RequestsTo(RunPodRoute.Result)
            .Select(post => post.JobId)
            .ToHashSet(StringComparer.Ordinal);
        var succeeded = new List<string?>();
        foreach (var job in _jobs)
        {
            var results = stage.RunPod.ResultsOf(job.Id);
            results.Count.ShouldBeInRange(job.StopAfter is null ? 1 : 0, 1, job.Id);
            keys.Remove(job.Id, out var key);
            if (results is [var result] && result.TryGetProperty("output", out var answer))
            {
                succeeded.Add(job.Id);
                await ShouldBeWholeAsync(stage, job, answer, key);
            }
            else if (results is [var failure])
            {
                key.ShouldBeNull(LogOf(stage, job));
                failure.GetProperty("error").GetString().ShouldNotBeNull().ShouldMatch(KnownError().ToString());
            }
            else if (!posted.Contains(job.Id))
            {
                // A client that stops a job while its answer is on its way leaves the object to the retention.
                key.ShouldBeNull(LogOf(stage, job));
            }
        }

        keys.ShouldBeEmpty();
        // Where the answer to a beginning was lost and the job went well, the first stays until the retention.
        proxy
            .OpenUploads.Select(Path.GetFileNameWithoutExtension)
            .Except(succeeded, StringComparer.Ordinal)
            .ShouldBeEmpty();
        stage.Program.Children.ShouldBeEmpty();
        stage.TempFiles.ShouldBeEmpty();
    }

    private static string LogOf(EndpointStage stage, SoakJob job) =>
        string.Join(
            '\n',
            stage.Program.Output.Split('\n').Where(line => line.Contains($" {job.Id} | ")).Append($"{job}")
        );

    private static async Task ShouldBeWholeAsync(EndpointStage stage, SoakJob job, JsonElement answer, string? key)
    {
        if (answer.ValueKind == JsonValueKind.Array)
        {
            var items = stage.RunPod.PiecesOf(job.Id).Select(piece => piece.GetProperty("output")).ToList();
            var bytes = items[..^1].Sum(item => item.GetProperty("audio_base64").GetBytesFromBase64().Length);
            items[^1].GetProperty("metadata").GetProperty("bytes").GetInt32().ShouldBe(bytes, job.Id);
            key.ShouldBeNull(job.Id);
            return;
        }

        var metadata = answer.GetProperty("metadata");
        metadata.GetProperty("key").GetString().ShouldBe(key, job.Id);
        var file = await stage.DownloadAsync(answer.GetProperty("audio_url").GetString()!);
        file.Length.ShouldBe(metadata.GetProperty("bytes").GetInt32(), job.Id);
    }

    /// <summary>The first quarter fills pools and caches; from then on nothing may grow.</summary>
    private static void ShouldBeFlat(List<(TimeSpan At, Vitals Vitals)> vitals)
    {
        var warm = vitals.Where(sample => sample.At > _warmUp).Select(sample => sample.Vitals).ToList();
        var (early, late) = (warm[..(warm.Count / 2)], warm[(warm.Count / 2)..]);
        early.Count.ShouldBeGreaterThanOrEqualTo(2);
        late.Min(v => v.FileHandles).ShouldBeLessThanOrEqualTo(early.Max(v => v.FileHandles) + 4);
        late.Min(v => v.ResidentMegabytes).ShouldBeLessThan(early.Max(v => v.ResidentMegabytes) + 20);
    }

    private void Report(EndpointStage stage, List<(TimeSpan At, Vitals Vitals)> vitals, int killed)
    {
        File.WriteAllText(Repository.PathOf("artifacts", "soak.log"), stage.Program.Output);
        var results = _jobs.SelectMany(job => stage.RunPod.ResultsOf(job.Id)).ToList();
        var errors = results.Count(result => result.TryGetProperty("error", out _));
        var stopped = _jobs.Count(job => job.StopAfter is not null);
        output.WriteLine(
            $"{_jobs.Count} jobs, {results.Count} answers, {errors} of them errors, {stopped} stop signals, {killed} tools killed."
        );
        foreach (var (at, vital) in vitals)
        {
            output.WriteLine(
                $"{at.TotalSeconds, 6:0} s {vital.ResidentMegabytes, 6:0} MB {vital.FileHandles, 4} handles"
            );
        }

        _jobs.Count.ShouldBeGreaterThan(200);
        errors.ShouldBeGreaterThan(10);
    }

    /// <summary>What the chaos may come to; never a bug with an id to quote.</summary>
    [GeneratedRegex("'speed' is 99|was killed by signal 9|S3 answered|did not answer", RegexOptions.ExplicitCapture)]
    private static partial Regex KnownError();
}
