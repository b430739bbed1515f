using Microsoft.Extensions.Time.Testing;
using Testing.RunPod;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>What clients see of a job while it runs.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class ProgressTests : IAsyncLifetime
{
    private FakeRunPod _runPod = null!;

    public async ValueTask InitializeAsync() => _runPod = await FakeRunPod.StartAsync();

    public ValueTask DisposeAsync() => _runPod.DisposeAsync();

    [Fact]
    public async Task A_long_job_tells_how_far_it_is_and_never_after_its_result()
    {
        // Every frame takes 0.5 s by the handler's clock, and each fourth may tell of it.
        var clock = new FakeTimeProvider();
        var engine = new FakeSynthesizer
        {
            Frames = 60,
            BeforeFrame = (_, token) =>
            {
                clock.Advance(TimeSpan.FromSeconds(0.5));
                return Task.Delay(5, token);
            },
        };
        await using var stage = new QueueStage { Synthesizer = engine, Time = clock };
        stage.Serve(_runPod, options => options with { ProgressInterval = TimeSpan.Zero });
        _runPod.Enqueue("job", """{"text": "x", "output_format": "pcm"}""");

        var result = await _runPod.ResultOf("job");
        await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);

        result.GetProperty("output").GetProperty("audio_base64").GetBytesFromBase64().Length.ShouldBe(60 * 6_400);
        var updates = _runPod.ProgressOf("job").Select(update => update.GetProperty("output")).ToList();
        updates.Count.ShouldBeInRange(2, 15);
        updates.ShouldAllBe(update => update.EnumerateObject().Count() == 2);
        var seconds = updates.Select(update => update.GetProperty("seconds_spoken").GetDouble()).ToList();
        var shares = updates.Select(update => update.GetProperty("share_of_text").GetDouble()).ToList();
        seconds.ShouldBeInOrder(SortDirection.Ascending);
        shares.ShouldBeInOrder(SortDirection.Ascending);
        seconds[0].ShouldBe(4 * 0.1333, tolerance: 0.3);
        shares.Zip(seconds).ShouldAllBe(pair => Math.Abs((pair.First * 8) - pair.Second) < 0.1);
        _runPod.RequestsTo(RunPodRoute.Result)[^1].IsProgress.ShouldBeFalse();
    }

    [Fact]
    public async Task A_short_job_only_has_its_result()
    {
        await using var stage = new QueueStage();
        stage.Serve(_runPod);
        _runPod.Enqueue("job", """{"text": "x"}""");

        await _runPod.ResultOf("job");

        _runPod.RequestsTo(RunPodRoute.Result).ShouldHaveSingleItem();
    }
}
