using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>Answers that RunPod would refuse: 10 MB for /run, 20 MB for /runsync, whose ids begin with "sync-".</summary>
[Collection(ProcessesCollection.Name)]
public sealed class SizeLimitTests
{
    // Base64 of 7.5 MB, less the envelope; a frame is 6,400 bytes of 16-bit samples.
    private const int FramesThatFitRun = 1168;

    private int _framesMade;

    [Theory]
    [InlineData("pcm", 6_400)]
    [InlineData("wav", 6_400)]
    [InlineData("mp3", 2_133)]
    public async Task Paid_work_stops_the_moment_the_bytes_pass_the_limit(string format, int bytesPerFrame)
    {
        await using var stage = new QueueStage { Synthesizer = Engine(frames: 20_000) };

        var error = await stage.ErrorOfAsync($$"""{"text": "x", "output_format": "{{format}}"}""");

        error.ShouldContain($"of {format}");
        error.ShouldContain("limit of 10 MB");
        error.ShouldContain("BUCKET_NAME");
        var framesThatFit = FramesThatFitRun * 6_400 / bytesPerFrame;
        // ffmpeg and the pipes to and from it hold some seconds of sound.
        var framesUnderWay = format is "mp3" ? 120 : 2;
        _framesMade.ShouldBeInRange(framesThatFit + 1, framesThatFit + framesUnderWay);
    }

    [Fact]
    public async Task A_runsync_job_may_be_twice_as_large()
    {
        await using var stage = new QueueStage { Synthesizer = Engine(frames: 2_000) };
        const string input = """{"text": "x", "output_format": "pcm"}""";

        var output = await stage.OutputOfAsync(input, jobId: "sync-1");
        var error = await stage.ErrorOfAsync(input, jobId: "not-sync-1");

        System.Text.Encoding.UTF8.GetByteCount(output.ToJsonString()).ShouldBeInRange(17_000_000, 20_000_000);
        error.ShouldContain("limit of 10 MB");
    }

    [Theory]
    [InlineData("run-1", 20_000, "wav", "10 MB")]
    [InlineData("run-1", 6_000, "wav", "10 MB")]
    [InlineData("sync-1", 20_000, "pcm", "20 MB")]
    public async Task A_text_that_is_far_too_long_is_refused_before_any_work(
        string jobId,
        int characters,
        string format,
        string limit
    )
    {
        await using var stage = new QueueStage { Synthesizer = Engine(frames: 15) };

        var error = await stage.ErrorOfAsync(Input(characters, format), jobId);

        error.ShouldContain($"text has {characters} characters");
        error.ShouldContain($"RunPod allows {limit}");
        error.ShouldContain("ask for 'mp3'");
        _framesMade.ShouldBe(0);
    }

    [Theory]
    [InlineData("sync-1", 6_000, "wav")]
    [InlineData("run-1", 20_000, "opus")]
    [InlineData("run-1", 12_000, "mp3")]
    public async Task A_text_whose_audio_may_fit_is_tried(string jobId, int characters, string format)
    {
        await using var stage = new QueueStage { Synthesizer = Engine(frames: 15) };

        var output = await stage.OutputOfAsync(Input(characters, format), jobId);

        output["metadata"]!["characters"]!.GetValue<int>().ShouldBe(characters);
        _framesMade.ShouldBe(15);
    }

    private FakeSynthesizer Engine(int frames) =>
        new()
        {
            Frames = frames,
            BeforeFrame = (_, _) =>
            {
                Interlocked.Increment(ref _framesMade);
                return Task.CompletedTask;
            },
        };

    private static string Input(int characters, string format) =>
        $$"""{"text": "{{new string('x', characters)}}", "output_format": "{{format}}"}""";
}
