using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

public sealed class JobInputReaderTests
{
    /// <summary>Rows of bad-inputs.json: an input, and every sentence that the caller is told.</summary>
    public static TheoryData<string> BadInputs() =>
        [.. JsonNode.Parse(File.ReadAllText(DataFile))!.AsArray().Select(row => row!["case"]!.GetValue<string>())];

    private static string DataFile => Path.Combine(AppContext.BaseDirectory, "Queue", "bad-inputs.json");

    [Theory]
    [MemberData(nameof(BadInputs))]
    public void A_bad_input_is_answered_with_every_problem(string name)
    {
        var row = JsonNode
            .Parse(File.ReadAllText(DataFile))!
            .AsArray()
            .Single(r => r!["case"]!.GetValue<string>() == name)!;
        var expected = row["errors"]!.AsArray().Select(error => error!.GetValue<string>());

        var rejection = Should.Throw<JobRejectedException>(() => Read(Expand(row["input"])));

        rejection.Problems.ShouldBe(expected);
    }

    [Fact]
    public void The_table_of_bad_inputs_is_long() => BadInputs().Count.ShouldBeGreaterThanOrEqualTo(40);

    [Fact]
    public void Text_alone_is_enough()
    {
        var input = Read("""{"text": "  Hello there.\n"}""");

        input.Stream.ShouldBeFalse();
        input.Bucket.ShouldBeNull();
        input.Request.Text.ShouldBe("Hello there.");
        input.Request.Characters.ShouldBe(12);
        input.Request.Voice.Name.ShouldBe("en-Emma_woman");
        input.Request.Format.ShouldBe(AudioFormat.Mp3);
        input.Request.Speed.ShouldBe(1);
        input.Request.CfgScale.ShouldBe(1.5);
        input.Request.InferenceSteps.ShouldBe(5);
        input.Request.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void Every_field_is_taken()
    {
        var input = Read(
            """
            {"text": "x", "voice_key": "mike", "output_format": "FLAC", "speed": 0.25, "seed": 9007199254740991,
             "cfg_scale": 5, "inference_steps": 50.0, "stream": true, "remove_markdown": true, "remove_emoji": true}
            """
        );

        input.Stream.ShouldBeTrue();
        input.Request.Voice.Name.ShouldBe("en-Mike_man");
        input.Request.Format.ShouldBe(AudioFormat.Flac);
        input.Request.Speed.ShouldBe(0.25);
        input.Request.Seed.ShouldBe(9007199254740991);
        input.Request.CfgScale.ShouldBe(5);
        input.Request.InferenceSteps.ShouldBe(50);
        input.Request.Preparation.RemoveMarkdown.ShouldBeTrue();
        input.Request.Preparation.RemoveEmoji.ShouldBeTrue();
    }

    [Fact]
    public void Markdown_and_emoji_stay_unless_the_settings_or_the_job_say_otherwise()
    {
        var settings = new SpeechSettings { RemoveMarkdown = true, RemoveEmoji = true };

        Read("""{"text": "x"}""").Request.Preparation.ShouldBe(new TextOptions());
        Read("""{"text": "x"}""", settings: settings)
            .Request.Preparation.ShouldBe(new TextOptions { RemoveMarkdown = true, RemoveEmoji = true });
        Read("""{"text": "x", "remove_markdown": false, "remove_emoji": false}""", settings: settings)
            .Request.Preparation.ShouldBe(new TextOptions());
    }

    [Fact]
    public void Null_counts_as_not_given() =>
        Read("""{"text": "x", "voice_key": null, "speed": null, "reference_audio": null, "s3Config": null}""")
            .Request.Warnings.ShouldBeEmpty();

    [Fact]
    public void The_longest_text_fits_and_counts_scalars_not_code_units()
    {
        var text = string.Concat(Enumerable.Repeat("😀", 20_000));

        Read(new JsonObject { ["text"] = text }.ToJsonString()).Request.Characters.ShouldBe(20_000);
    }

    [Fact]
    public void A_job_without_a_seed_gets_one_that_json_keeps_exact()
    {
        var seeds = Enumerable.Range(0, 20).Select(_ => Read("""{"text": "x"}""").Request.Seed).ToList();

        seeds.ShouldAllBe(seed => seed >= 0 && seed <= 9007199254740991);
        seeds.Distinct().Count().ShouldBeGreaterThan(1);
    }

    [Theory]
    [InlineData("""{"text": "x", "voice": "emma"}""", "Unknown field 'voice' was ignored; did you mean 'voice_key'?")]
    [InlineData("""{"text": "x", "Text": "y"}""", "Unknown field 'Text' was ignored.")]
    [InlineData(
        """{"text": "x", "reference_audio": "UklGRg=="}""",
        "'reference_audio' was not used: this model speaks with preset voices; choose one with 'voice_key'."
    )]
    public void What_has_no_effect_is_a_warning(string input, string warning) =>
        Read(input).Request.Warnings.ShouldBe([warning]);

    [Theory]
    [InlineData("UklG\nRiQA\r\nAAA=")]
    [InlineData("data:audio/wav;base64,UklGRg==")]
    [InlineData("data:audio/mpeg;codecs=mp3;base64,UklGRg==")]
    [InlineData("https://example.com/voice.wav?signature=a%2Fb")]
    [InlineData("http://example.com/voice.wav")]
    public void Reference_audio_of_every_form_is_accepted(string audio) =>
        Read(new JsonObject { ["text"] = "x", ["reference_audio"] = audio }.ToJsonString())
            .Request.Warnings.Count.ShouldBe(1);

    [Fact]
    public void An_engine_without_diffusion_says_which_fields_it_ignores()
    {
        var preview = new FakeSynthesizer { IsDiffusionModel = false };

        Read("""{"text": "x", "seed": 1, "cfg_scale": 2, "inference_steps": 3}""", preview)
            .Request.Warnings.ShouldBe([
                "'seed' has no effect on the fake engine.",
                "'cfg_scale' has no effect on the fake engine.",
                "'inference_steps' has no effect on the fake engine.",
            ]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_bucket_is_taken_from_the_input_or_from_the_job_itself(bool isInInput)
    {
        var bucket = """
            {"accessId": "id", "accessSecret": "secret", "bucketName": "audio",
             "endpointUrl": "https://s3.us-west-004.backblazeb2.com", "objectPath": "mine/of today/"}
            """;
        var input = isInInput ? $$"""{"text": "x", "s3Config": {{bucket}}}""" : """{"text": "x"}""";
        var job = isInInput ? "{}" : $$"""{"id": "1", "s3Config": {{bucket}}}""";

        var read = Reader().Read(JsonElement.Parse(input), JsonElement.Parse(job));

        read.Bucket.ShouldNotBeNull();
        read.Bucket.Region.ShouldBe("us-west-004");
        read.Bucket.ObjectPath.ShouldBe("mine/of today");
        read.Bucket.ToString().ShouldNotContain("secret");
        read.Request.Warnings.ShouldBeEmpty();
    }

    private static JobInput Read(string input, ISynthesizer? synthesizer = null, SpeechSettings? settings = null) =>
        Reader(synthesizer, settings).Read(JsonElement.Parse(input), JsonElement.Parse("{}"));

    private static JobInputReader Reader(ISynthesizer? synthesizer = null, SpeechSettings? settings = null) =>
        new(
            new SpeechRequestFactory(
                (settings ?? new SpeechSettings()) with
                {
                    MaxReferenceAudioBytes = 1000,
                },
                synthesizer ?? new FakeSynthesizer()
            ),
            new DeliveryOptions()
        );

    /// <summary>"«repeat 3 ab»" in the table stands for text too long to write down; a raw string keeps broken JSON text.</summary>
    private static string Expand(JsonNode? input)
    {
        var json =
            input is JsonValue value
            && value.TryGetValue<string>(out var raw)
            && raw.StartsWith("raw:", StringComparison.Ordinal)
                ? raw["raw:".Length..]
                : input?.ToJsonString() ?? "null";
        return System.Text.RegularExpressions.Regex.Replace(
            json,
            "REPEAT_([0-9]+)_([A-Za-z]+)",
            match => string.Concat(Enumerable.Repeat(match.Groups[2].Value, int.Parse(match.Groups[1].Value)))
        );
    }
}
