using System.Text.Json;
using Testing.RunPod;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>Jobs with <c>"stream": true</c>: the one encoded file in pieces, then the metadata.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class StreamTests : IAsyncLifetime
{
    private FakeRunPod _runPod = null!;

    private const int FlacHeadBytes = 42;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _runPod = await FakeRunPod.StartAsync();

    public ValueTask DisposeAsync() => _runPod.DisposeAsync();

    [Theory]
    [InlineData("pcm")]
    [InlineData("flac")]
    [InlineData("mp3")]
    [InlineData("aac")]
    public async Task The_pieces_together_are_the_file_of_the_one_shot_answer(string format)
    {
        await using var stage = new QueueStage { Synthesizer = new FakeSynthesizer { Frames = 150 } };
        stage.Serve(_runPod);
        _runPod.Enqueue("whole", $$"""{"text": "x", "seed": 1, "output_format": "{{format}}"}""");
        _runPod.Enqueue("pieces", $$"""{"text": "x", "seed": 1, "output_format": "{{format}}", "stream": true}""");

        var whole = (await _runPod.ResultOf("whole")).GetProperty("output");
        await _runPod.ResultOf("pieces");

        var file = StreamedFile("pieces");
        var wholeFile = whole.GetProperty("audio_base64").GetBytesFromBase64();
        // The head of a flac file tells the number of samples only where it could be completed.
        var head = format == "flac" ? FlacHeadBytes : 0;
        file.AsSpan(head).SequenceEqual(wholeFile.AsSpan(head)).ShouldBeTrue();
        head.ShouldBeLessThan(file.Length);
    }

    [Theory]
    [InlineData("wav")]
    [InlineData("opus")]
    public async Task Where_the_file_differs_from_the_one_shot_it_sounds_the_same(string format)
    {
        await using var stage = new QueueStage();
        stage.Serve(_runPod);
        _runPod.Enqueue("pieces", $$"""{"text": "x", "output_format": "{{format}}", "stream": true}""");

        await _runPod.ResultOf("pieces");

        var samples = await Listener.DecodeAsync(StreamedFile("pieces"));
        (samples.Length / 24_000.0).ShouldBe(2, tolerance: 0.15);
        Listener.Measure(samples).FrequencyHz.ShouldBe(440, tolerance: 10);
    }

    [Fact]
    public async Task Every_piece_stays_under_a_megabyte_and_the_metadata_comes_last()
    {
        await using var stage = new QueueStage { Synthesizer = new FakeSynthesizer { Frames = 1_000 } };
        stage.Serve(_runPod);
        _runPod.Enqueue("job", """{"text": "Hello.", "output_format": "pcm", "stream": true}""");

        var result = await _runPod.ResultOf("job");

        var pieces = _runPod.PiecesOf("job").Select(piece => piece.GetProperty("output")).ToList();
        pieces.Count.ShouldBeGreaterThan(6_400_000 / 1_000_000);
        _runPod.RequestsTo(RunPodRoute.Stream).ShouldAllBe(request => request.Body.Length < 1_000_000);
        pieces[..^1]
            .Select(piece => piece.GetProperty("index").GetInt32())
            .ShouldBe(Enumerable.Range(0, pieces.Count - 1));
        pieces[..^1].ShouldAllBe(piece => !Has(piece, "metadata"));
        var metadata = pieces[^1].GetProperty("metadata");
        metadata.GetProperty("bytes").GetInt64().ShouldBe(6_400_000);
        metadata.GetProperty("duration_seconds").GetDouble().ShouldBe(133.333);
        metadata.GetProperty("ai_generated").GetBoolean().ShouldBeTrue();
        metadata.GetProperty("characters").GetInt32().ShouldBe(6);
        pieces[^1].EnumerateObject().Select(property => property.Name).ShouldBe(["metadata"]);
        _runPod.RequestsTo(RunPodRoute.Result).ShouldHaveSingleItem().Query.ShouldContain("isStream=true");
        result.TryGetProperty("error", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("pcm")]
    [InlineData("wav")]
    [InlineData("mp3")]
    [InlineData("aac")]
    [InlineData("opus")]
    [InlineData("flac")]
    public async Task The_first_piece_is_posted_before_the_last_frame_is_made(string format)
    {
        const int lastFrame = 39;
        var engine = new FakeSynthesizer
        {
            Frames = lastFrame + 1,
            BeforeFrame = (index, _) =>
                index < lastFrame
                    ? Task.CompletedTask
                    : FakeRunPod.WaitForAsync(() => _runPod.PiecesOf("job").Count > 0, "a piece before the last frame"),
        };
        await using var stage = new QueueStage { Synthesizer = engine };
        stage.Serve(_runPod);
        _runPod.Enqueue("job", $$"""{"text": "x", "output_format": "{{format}}", "stream": true}""");

        var result = await _runPod.ResultOf("job", TimeSpan.FromSeconds(30));

        result.TryGetProperty("error", out var error).ShouldBeFalse(error.ToString());
    }

    [Fact]
    public async Task Slow_posts_hold_the_engine_up()
    {
        const int frames = 3_000;
        var framesMade = 0;
        var engine = new FakeSynthesizer
        {
            Frames = frames,
            BeforeFrame = (index, _) =>
            {
                framesMade = index + 1;
                return Task.CompletedTask;
            },
        };
        await using var stage = new QueueStage { Synthesizer = engine };
        _runPod.FaultNext(RunPodRoute.Stream, new Fault.Delay(TimeSpan.FromSeconds(1.5)));
        stage.Serve(_runPod);
        _runPod.Enqueue("job", """{"text": "x", "output_format": "pcm", "stream": true}""");

        await FakeRunPod.WaitForAsync(() => _runPod.RequestsTo(RunPodRoute.Stream).Count > 0, "the first piece");
        await Task.Delay(TimeSpan.FromSeconds(1), Token);
        var framesMadeMeanwhile = Volatile.Read(ref framesMade);
        await _runPod.ResultOf("job");

        // 2.8 MB may wait for the post, at 6,400 bytes for a frame, and one piece is on its way.
        framesMadeMeanwhile.ShouldBeInRange(100, 600);
        framesMade.ShouldBe(frames);
        StreamedFile("job").Length.ShouldBe(frames * 6_400);
    }

    [Fact]
    public async Task A_failure_in_the_middle_ends_the_job_with_its_error()
    {
        var engine = new FakeSynthesizer
        {
            Frames = 40,
            BeforeFrame = (index, _) =>
                index < 20 ? Task.CompletedTask : throw new SpeechFailedException("The engine ran out of breath."),
        };
        await using var stage = new QueueStage { Synthesizer = engine };
        stage.Serve(_runPod);
        _runPod.Enqueue("job", """{"text": "x", "output_format": "pcm", "stream": true}""");

        var result = await _runPod.ResultOf("job");

        result.GetRawText().ShouldBe("""{"error":"The engine ran out of breath."}""");
        _runPod.PiecesOf("job").ShouldAllBe(piece => !Has(piece.GetProperty("output"), "metadata"));
    }

    [Fact]
    public async Task A_rejected_job_posts_its_error_and_no_piece()
    {
        await using var stage = new QueueStage();
        stage.Serve(_runPod);
        _runPod.Enqueue("job", """{"text": "", "output_format": "tape", "stream": true}""");

        var result = await _runPod.ResultOf("job");

        result.GetProperty("error").GetString()!.ShouldContain("'output_format' is 'tape'");
        _runPod.RequestsTo(RunPodRoute.Stream).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_way_for_pieces_they_are_the_answer()
    {
        await using var stage = new QueueStage();
        stage.Serve(_runPod, options => options with { StreamUrl = null });
        _runPod.Enqueue("job", """{"text": "x", "output_format": "pcm", "stream": true}""");

        var items = (await _runPod.ResultOf("job")).GetProperty("output").EnumerateArray().ToList();

        items[..^1].Sum(item => item.GetProperty("audio_base64").GetBytesFromBase64().Length).ShouldBe(15 * 6_400);
        items[^1].GetProperty("metadata").GetProperty("bytes").GetInt64().ShouldBe(15 * 6_400);
    }

    private static bool Has(JsonElement item, string name) => item.TryGetProperty(name, out _);

    private byte[] StreamedFile(string jobId) =>
        [
            .. _runPod
                .PiecesOf(jobId)
                .Select(piece => piece.GetProperty("output"))
                .Where(item => item.TryGetProperty("audio_base64", out _))
                .SelectMany(item => item.GetProperty("audio_base64").GetBytesFromBase64()),
        ];
}
