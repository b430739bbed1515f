using System.Diagnostics;
using Testing.RunPod;
using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Tests.Delivery;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>Jobs that end before their time: nothing is posted for them, and nothing of them is left.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class CancellationTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>, IAsyncLifetime
{
    private FakeRunPod _runPod = null!;
    private S3Proxy _proxy = null!;
    private DeliveryOptions _settings = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _runPod = await FakeRunPod.StartAsync();
        _proxy = await S3Proxy.StartAsync((await server.GetAsync(Token)).Url, Token);
        _settings = QueueStage.BucketAt(_proxy);
    }

    public async ValueTask DisposeAsync()
    {
        await _runPod.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    [Theory]
    [InlineData("mp3", 0)]
    [InlineData("flac", 20)]
    [InlineData("opus", 100)]
    public async Task A_job_that_is_stopped_while_it_speaks_leaves_nothing(string format, int frames)
    {
        await using var stage = new QueueStage { Synthesizer = EngineThatWaitsAt(frames), Delivery = _settings };
        stage.Serve(_runPod);
        _runPod.Enqueue("job", $$"""{"text": "x", "output_format": "{{format}}"}""");
        await WaitForAsync(() => Children.Named("ffmpeg").Count == 1, "the encoder");

        _runPod.Stop("job");

        await ShouldLeaveNothingAsync();
    }

    [Fact]
    public async Task A_job_that_is_stopped_in_the_middle_of_its_upload_leaves_nothing()
    {
        // 9.6 MB: a part is on its way, another in memory.
        await using var stage = new QueueStage { Synthesizer = EngineThatWaitsAt(1_500), Delivery = _settings };
        stage.Serve(_runPod);
        _runPod.Enqueue("job", """{"text": "x", "output_format": "wav"}""");
        await _proxy.WaitForAsync("CreateMultipartUpload", Token);
        await WaitForAsync(() => _proxy.OpenUploads.Count == 1, "an open upload");

        _runPod.Stop("job");

        await ShouldLeaveNothingAsync();
        _proxy.Requests.ShouldContain(request => request.Operation == "AbortMultipartUpload");
    }

    [Fact]
    public async Task A_job_that_is_stopped_while_the_store_answers_leaves_nothing()
    {
        await using var stage = new QueueStage { Delivery = _settings };
        stage.Serve(_runPod);
        using var held = new ManualResetEventSlim();
        using var listener = OnAnswerToPut(() => held.Wait(TimeSpan.FromSeconds(10), CancellationToken.None));
        _runPod.Enqueue("job", """{"text": "x"}""");
        await WaitForAsync(() => _proxy.Requests.Any(request => request.Operation is "PutObject"), "the upload");
        // The request is on its way; the store has the object a little later.
        for (var tries = 0; (await KeysAsync()).Count == 0; tries++)
        {
            tries.ShouldBeLessThan(100, "the store should have the object");
            await Task.Delay(50, Token);
        }

        _runPod.Stop("job");
        await WaitForAsync(() => stage.LogText.Contains("Job job is stopped by its client."), "the stop to be heard");
        (await KeysAsync()).Count.ShouldBe(1);
        held.Set();

        await ShouldLeaveNothingAsync();
    }

    // 6,400 bytes a frame: one is put as a whole, the other is sent in parts of five megabytes.
    [Theory]
    [InlineData("PutObject", 15)]
    [InlineData("CompleteMultipartUpload", 1_000)]
    public async Task A_job_that_is_stopped_while_a_slow_store_makes_the_object_leaves_nothing(string step, int frames)
    {
        var engine = new FakeSynthesizer { Frames = frames };
        await using var stage = new QueueStage { Synthesizer = engine, Delivery = _settings };
        stage.Serve(_runPod);
        var lag = TimeSpan.FromSeconds(2); // the stop must be heard meanwhile, also on a busy machine
        _proxy.On(step, new S3Fault { Lag = lag }, times: 1);
        _runPod.Enqueue("job", """{"text": "x", "output_format": "pcm"}""");
        await _proxy.WaitForAsync(step, Token);

        _runPod.Stop("job");

        await ShouldLeaveNothingAsync();
        await Task.Delay(lag + TimeSpan.FromSeconds(0.2), Token);
        (await KeysAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_that_is_given_up_after_its_upload_takes_the_object_back()
    {
        using var giveUp = new CancellationTokenSource();
        await using var stage = new QueueStage
        {
            Delivery = _settings,
            OnLog = line =>
            {
                if (line.StartsWith("Uploaded ", StringComparison.Ordinal))
                {
                    giveUp.Cancel();
                }
            },
        };

        await Should.ThrowAsync<OperationCanceledException>(() =>
            stage.RunUntilAsync("""{"input": {"text": "x"}}""", giveUp.Token)
        );

        _proxy.Requests.Select(request => request.Operation).ShouldBe(["PutObject", "DeleteObject"]);
        (await KeysAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stream_that_is_stopped_posts_nothing_more()
    {
        await using var stage = new QueueStage { Synthesizer = EngineThatWaitsAt(30) };
        stage.Serve(_runPod);
        _runPod.Enqueue("job", """{"text": "x", "stream": true}""");
        await WaitForAsync(() => _runPod.PiecesOf("job").Count > 0, "the first piece");

        _runPod.Stop("job");

        await ShouldLeaveNothingAsync();
        var pieces = _runPod.PiecesOf("job").Count;
        await Task.Delay(200, Token);
        _runPod.PiecesOf("job").Count.ShouldBe(pieces);
    }

    [Fact]
    public async Task A_job_that_takes_too_long_fails_and_leaves_nothing()
    {
        await using var stage = new QueueStage { Synthesizer = EngineThatWaitsAt(1_500), Delivery = _settings };
        stage.Serve(_runPod, options => options with { JobTimeout = TimeSpan.FromSeconds(1.5) });
        _runPod.Enqueue("job", """{"text": "x", "output_format": "wav"}""");
        await WaitForAsync(() => _proxy.OpenUploads.Count == 1, "an open upload");

        var result = await _runPod.ResultOf("job");

        result.GetRawText().ShouldStartWith("""{"error":"The job took longer than 1.5 seconds""");
        (await KeysAsync()).ShouldBeEmpty();
        _proxy.OpenUploads.ShouldBeEmpty();
        await Children.ShouldEndAsync("ffmpeg");
    }

    [Fact]
    public async Task A_job_given_up_here_leaves_nothing()
    {
        await using var stage = new QueueStage { Synthesizer = EngineThatWaitsAt(20), Delivery = _settings };
        using var giveUp = new CancellationTokenSource();
        var running = stage.RunUntilAsync("""{"input": {"text": "x"}}""", giveUp.Token);
        await WaitForAsync(() => Children.Named("ffmpeg").Count == 1, "the encoder");

        await giveUp.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running);
        Children.Named("ffmpeg").ShouldBeEmpty();
        (await KeysAsync()).ShouldBeEmpty();
    }

    private async Task ShouldLeaveNothingAsync()
    {
        // The next job is taken when the slot of the last one is free, and not before.
        _runPod.Enqueue("next", """{"text": "", "output_format": "mp3"}""");
        await _runPod.ResultOf("next");
        _runPod.ResultsOf("job").ShouldBeEmpty();
        Children.Named("ffmpeg").ShouldBeEmpty();
        (await KeysAsync()).ShouldBeEmpty();
        _proxy.OpenUploads.ShouldBeEmpty();
    }

    private Task<IReadOnlyList<string>> KeysAsync() => S3Stage.KeysAsync(S3Target.FromOptions(_settings)!);

    private static FakeSynthesizer EngineThatWaitsAt(int frame) =>
        new()
        {
            Frames = frame + 1,
            BeforeFrame = (index, token) =>
                index < frame ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, token),
        };

    private static ActivityListener OnAnswerToPut(Action action)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("http.request.method") is "PUT")
                {
                    action();
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static Task WaitForAsync(Func<bool> condition, string what) => FakeRunPod.WaitForAsync(condition, what);
}
