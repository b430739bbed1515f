using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>What a client gets for a job that is answered with base64.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class AnswerTests
{
    /// <summary>15 frames of 3,200 samples at 24 kHz.</summary>
    private const double Seconds = 2;

    private static readonly string[] FormatNames = ["mp3", "aac", "wav", "opus", "flac", "pcm"];

    public static TheoryData<string> Formats => [.. FormatNames];

    [Fact]
    public async Task The_answer_has_exactly_these_fields_each_of_its_own_type()
    {
        await using var stage = new QueueStage();

        var output = await stage.OutputOfAsync("""{"text": "Hello there.", "seed": 9007199254740991}""");

        Kinds(output).ShouldBe([("audio_base64", JsonValueKind.String), ("metadata", JsonValueKind.Object)]);
        Kinds(output["metadata"]!)
            .ShouldBe([
                ("engine", JsonValueKind.String),
                ("model", JsonValueKind.String),
                ("voice", JsonValueKind.String),
                ("format", JsonValueKind.String),
                ("content_type", JsonValueKind.String),
                ("sample_rate_hz", JsonValueKind.Number),
                ("duration_seconds", JsonValueKind.Number),
                ("characters", JsonValueKind.Number),
                ("bytes", JsonValueKind.Number),
                ("seed", JsonValueKind.Number),
                ("first_audio_seconds", JsonValueKind.Number),
                ("generation_seconds", JsonValueKind.Number),
                ("real_time_factor", JsonValueKind.Number),
                ("ai_generated", JsonValueKind.True),
                ("warnings", JsonValueKind.Array),
            ]);
    }

    [Fact]
    public async Task The_metadata_says_what_was_done()
    {
        await using var stage = new QueueStage();

        var metadata = (
            await stage.OutputOfAsync(
                """{"text": " Hellö. ", "voice_key": "mike", "seed": 9007199254740991, "mood": 1}"""
            )
        )["metadata"]!;

        metadata["engine"]!.GetValue<string>().ShouldBe("fake");
        metadata["model"]!.GetValue<string>().ShouldBe("tone");
        metadata["voice"]!.GetValue<string>().ShouldBe("en-Mike_man");
        metadata["format"]!.GetValue<string>().ShouldBe("mp3");
        metadata["content_type"]!.GetValue<string>().ShouldBe("audio/mpeg");
        metadata["sample_rate_hz"]!.GetValue<int>().ShouldBe(24_000);
        metadata["duration_seconds"]!.GetValue<double>().ShouldBe(Seconds);
        metadata["characters"]!.GetValue<int>().ShouldBe(6);
        metadata["seed"]!.GetValue<long>().ShouldBe(9007199254740991);
        metadata["generation_seconds"]!.GetValue<double>().ShouldBeInRange(0, 60);
        metadata["first_audio_seconds"]!
            .GetValue<double>()
            .ShouldBeInRange(0, metadata["generation_seconds"]!.GetValue<double>());
        metadata["real_time_factor"]!
            .GetValue<double>()
            .ShouldBe(metadata["generation_seconds"]!.GetValue<double>() / Seconds, tolerance: 0.001);
        metadata["warnings"]!
            .AsArray()
            .Select(w => w!.GetValue<string>())
            .ShouldBe(["Unknown field 'mood' was ignored."]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task The_base64_is_a_whole_file_of_the_format(string format)
    {
        await using var stage = new QueueStage();

        var output = await stage.OutputOfAsync($$"""{"text": "x", "output_format": "{{format}}"}""");

        await ShouldBeTheToneAsync(output, format, Seconds);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Speed_changes_the_length_and_what_the_metadata_says_of_it(string format)
    {
        await using var stage = new QueueStage();

        var output = await stage.OutputOfAsync($$"""{"text": "x", "output_format": "{{format}}", "speed": 2}""");

        await ShouldBeTheToneAsync(output, format, Seconds / 2);
    }

    [Fact]
    public async Task A_wav_file_has_true_sizes()
    {
        await using var stage = new QueueStage();

        var output = await stage.OutputOfAsync("""{"text": "x", "output_format": "wav"}""");

        var riff = RiffReader.Read(FileIn(output));
        riff["data"].Length.ShouldBe((int)(Seconds * 24_000 * sizeof(short)));
        riff.Info().Values.ShouldContain(text => text.Contains("AI-generated", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0.25f)]
    [InlineData(15, 0f)]
    public async Task Nothing_to_hear_is_an_error_and_not_an_empty_file(int frames, float amplitude)
    {
        await using var stage = new QueueStage
        {
            Synthesizer = new FakeSynthesizer { Frames = frames, Amplitude = amplitude },
        };

        foreach (var format in FormatNames)
        {
            var error = await stage.ErrorOfAsync($$"""{"text": "x", "output_format": "{{format}}"}""");
            error.ShouldContain("no audible sound");
        }
    }

    private static async Task ShouldBeTheToneAsync(JsonNode output, string format, double seconds)
    {
        var file = FileIn(output);
        output["metadata"]!["bytes"]!.GetValue<long>().ShouldBe(file.Length);
        output["metadata"]!["format"]!.GetValue<string>().ShouldBe(format);
        output["metadata"]!["duration_seconds"]!.GetValue<double>().ShouldBe(seconds);
        var samples = await Listener.DecodeAsync(file, Listener.InputOf(format));
        (samples.Length / 24_000.0).ShouldBe(seconds, tolerance: 0.15);
        Listener.Measure(samples).FrequencyHz.ShouldBe(440, tolerance: 10);
        if (format is not "pcm")
        {
            (await Listener.ProbeAsync(file)).Codec.ShouldBe(format is "wav" ? "pcm_s16le" : format);
        }
    }

    private static byte[] FileIn(JsonNode output) =>
        Convert.FromBase64String(output["audio_base64"]!.GetValue<string>());

    private static IEnumerable<(string, JsonValueKind)> Kinds(JsonNode node) =>
        node.AsObject().Select(pair => (pair.Key, pair.Value?.GetValueKind() ?? JsonValueKind.Null));
}
