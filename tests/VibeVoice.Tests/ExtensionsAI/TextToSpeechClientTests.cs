using System.Text.Json;
using Microsoft.Extensions.AI;
using VibeVoice.Extensions.AI;
using VibeVoice.Tests.Packaging;

namespace VibeVoice.Tests.ExtensionsAI;

/// <summary>The model as a client of Microsoft.Extensions.AI: the same speech, in that library's words.</summary>
public sealed class TextToSpeechClientTests : TinyModelTest
{
    private const string Text = "Hello there! Is this the same?";

    private VibeVoiceTextToSpeechClient _client = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _client = new VibeVoiceTextToSpeechClient(Model, [Voice], "tiny-model");
    }

    [Theory]
    [InlineData(null, 44)]
    [InlineData("wav", 44)]
    [InlineData("audio/WAV", 44)]
    [InlineData("pcm", 0)]
    [InlineData("audio/pcm", 0)]
    public async Task One_answer_equals_the_joined_stream_and_the_models_own_speech(string? format, int headBytes)
    {
        var options = Options(format, ("seed", 7));
        var answer = await _client.GetAudioAsync(Text, options, Cancellation);
        var stream = await _client.GetStreamingAudioAsync(Text, options, Cancellation).ToListAsync(Cancellation);
        var speech = Model.SpeakAsync(Text, Voice, new SpeakOptions { Seed = 7 }, Cancellation);
        var expected = await speech.ToAudioAsync(Cancellation);

        var whole = Bytes(answer.Contents);
        WavReader.Samples(whole.AsSpan(headBytes)).ShouldBe(WavReader.Samples(expected));
        var joined = Bytes(stream.SelectMany(update => update.Contents));
        joined[headBytes..].ShouldBe(whole[headBytes..]);
        if (headBytes > 0)
        {
            WavReader.Read(whole).SampleRateHz.ShouldBe(expected.SampleRateHz);
            joined[..headBytes].ShouldBe(WavFile.Head(expected.SampleRateHz)); // its length was not known yet
        }

        stream.Count.ShouldBe(speech.Report.FramesSpoken + 1);
    }

    [Fact]
    public async Task The_library_folds_the_stream_into_the_same_answer()
    {
        var options = Options("pcm", ("seed", 7));
        var answer = await _client.GetAudioAsync(Text, options, Cancellation);
        var folded = await _client
            .GetStreamingAudioAsync(Text, options, Cancellation)
            .ToTextToSpeechResponseAsync(Cancellation);

        Bytes(folded.Contents).ShouldBe(Bytes(answer.Contents));
        folded.ModelId.ShouldBe("tiny-model");
        answer.ModelId.ShouldBe("tiny-model");
        folded.ResponseId.ShouldNotBeNullOrEmpty();
        JsonSerializer.Serialize(folded.Usage).ShouldBe(JsonSerializer.Serialize(answer.Usage));
        folded.AdditionalProperties.ShouldBe(answer.AdditionalProperties!);
    }

    [Fact]
    public async Task The_answer_tells_what_the_report_does()
    {
        var answer = await _client.GetAudioAsync(Text, Options(null, ("seed", 7)), Cancellation);
        var report = answer.RawRepresentation.ShouldBeOfType<SpeakReport>();
        var facts = answer.AdditionalProperties!;

        answer.Usage!.InputTokenCount.ShouldBe(report.TokensRead);
        answer.Usage.OutputTokenCount.ShouldBe(report.FramesSpoken);
        facts["sample_rate_hz"].ShouldBe(Model.SampleRateHz);
        facts["duration_seconds"].ShouldBe(report.Duration.TotalSeconds);
        facts["end_reason"]
            .ShouldBe(report.EndReason == SpeechEndReason.EndOfSpeech ? "end_of_speech" : "position_limit");
        facts["ended_before_text"].ShouldBe(report.EndedBeforeText);
        facts["peak_level"].ShouldBe(report.PeakLevel);
        facts["voice"].ShouldBe(Voice.Name);
        facts["seed"].ShouldBe(7ul);
    }

    [Fact]
    public async Task A_frame_is_handed_out_before_the_next_is_computed()
    {
        var noise = new CountingNoise();
        var options = new TextToSpeechOptions { RawRepresentationFactory = _ => new SpeakOptions { Noise = noise } };
        await using var updates = _client
            .GetStreamingAudioAsync(Text, options, Cancellation)
            .GetAsyncEnumerator(Cancellation);
        for (var frame = 1; frame <= 4; frame++)
        {
            (await updates.MoveNextAsync()).ShouldBeTrue();
            noise.Frames.ShouldBe(frame);
        }
    }

    [Fact]
    public async Task Numbers_may_be_of_any_type_and_come_as_json()
    {
        var options = new SpeakOptions
        {
            Seed = 7,
            Guidance = 2.5f,
            DiffusionSteps = 3,
        };
        var speech = await Model.SpeakAsync(Text, Voice, options, Cancellation).ToAudioAsync(Cancellation);
        var json = JsonElement.Parse("""{"seed": 7, "guidance": 2.5, "steps": "3"}""");
        TextToSpeechOptions[] all =
        [
            Options("pcm", ("seed", 7L), ("guidance", 2.5), ("steps", (short)3)),
            Options("pcm", [.. json.EnumerateObject().Select(property => (property.Name, (object)property.Value))]),
            new() { AudioFormat = "pcm", RawRepresentationFactory = _ => options },
        ];

        foreach (var given in all)
        {
            var answer = await _client.GetAudioAsync(Text, given, Cancellation);
            WavReader.Samples(Bytes(answer.Contents)).ShouldBe(WavReader.Samples(speech));
        }
    }

    public static TheoryData<TextToSpeechOptions, string> Impossible =>
        new()
        {
            {
                new() { Speed = 1.5f },
                "Speed is 1.5"
            },
            {
                new() { Pitch = 0.5f },
                "Pitch is 0.5"
            },
            {
                new() { Volume = 0 },
                "Volume is 0"
            },
            {
                new() { Language = "de-DE" },
                "'de-DE'"
            },
            {
                new() { AudioFormat = "mp3" },
                "only 'wav' (audio/wav) and 'pcm' (audio/pcm)"
            },
        };

    [Theory]
    [MemberData(nameof(Impossible), DisableDiscoveryEnumeration = true)]
    public async Task What_the_model_cannot_do_is_refused_before_anything_is_computed(
        TextToSpeechOptions options,
        string message
    )
    {
        var one = await Should.ThrowAsync<NotSupportedException>(_client.GetAudioAsync(Text, options, Cancellation));
        var many = Should.Throw<NotSupportedException>(() =>
            _client.GetStreamingAudioAsync(Text, options, Cancellation)
        );

        one.Message.ShouldContain(message);
        many.Message.ShouldBe(one.Message);
    }

    public static TheoryData<TextToSpeechOptions, string> Wrong =>
        new()
        {
            {
                new() { VoiceId = "nobody" },
                "There is no voice 'nobody'; there are 'tiny'."
            },
            {
                new() { ModelId = "other" },
                "'other' was asked for, but this client speaks with 'tiny-model'"
            },
            { Options(null, ("seed", -1)), "'seed' is '-1'" },
            { Options(null, ("guidance", "much")), "'guidance' is 'much'" },
            { Options(null, ("steps", 2.5)), "'steps' is '2.5'" },
            { Options(null, ("steps", 0)), "0 diffusion steps" },
        };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public async Task What_makes_no_sense_is_an_error_that_says_what_would(
        TextToSpeechOptions options,
        string message
    ) =>
        (
            await Should.ThrowAsync<ArgumentException>(_client.GetAudioAsync(Text, options, Cancellation))
        ).Message.ShouldContain(message);

    [Fact]
    public async Task One_is_what_the_model_does_and_a_voice_may_be_named_in_any_case()
    {
        var options = Options("pcm");
        var named = new TextToSpeechOptions
        {
            AudioFormat = "pcm",
            Speed = 1,
            Pitch = 1,
            Volume = 1,
            ModelId = "tiny-model",
            VoiceId = "TINY",
        };

        Bytes((await _client.GetAudioAsync(Text, named, Cancellation)).Contents)
            .ShouldBe(Bytes((await _client.GetAudioAsync(Text, options, Cancellation)).Contents));
    }

    [Fact]
    public async Task Cancelling_stops_within_a_frame_and_leaves_the_next_request_alone()
    {
        var before = Bytes((await _client.GetAudioAsync(Text, Options("pcm"), Cancellation)).Contents);
        foreach (var isGivenToTheReader in new[] { false, true })
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var updates = _client.GetStreamingAudioAsync(Text, null, isGivenToTheReader ? Cancellation : stop.Token);
            var count = 0;
            await Should.ThrowAsync<OperationCanceledException>(async () =>
            {
                await foreach (var _ in updates.WithCancellation(isGivenToTheReader ? stop.Token : Cancellation))
                {
                    if (++count == 2)
                    {
                        await stop.CancelAsync();
                    }
                }
            });
            count.ShouldBe(2);
        }

        await Should.ThrowAsync<OperationCanceledException>(
            _client.GetAudioAsync(Text, null, new CancellationToken(canceled: true))
        );
        Bytes((await _client.GetAudioAsync(Text, Options("pcm"), Cancellation)).Contents).ShouldBe(before);
    }

    [Fact]
    public async Task A_disposed_client_takes_no_request_and_leaves_the_model_alone()
    {
        _client.Dispose();
        _client.Dispose();

        await Should.ThrowAsync<ObjectDisposedException>(_client.GetAudioAsync(Text, null, Cancellation));
        Should.Throw<ObjectDisposedException>(() => _client.GetStreamingAudioAsync(Text, null, Cancellation));
        var audio = await Model.SpeakAsync(Text, Voice, null, Cancellation).ToAudioAsync(Cancellation);
        audio.Samples.Length.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Services_are_found_by_type_and_not_under_a_key()
    {
        ITextToSpeechClient client = _client;

        client.GetService<TextToSpeechClientMetadata>()!.DefaultModelId.ShouldBe("tiny-model");
        client.GetService<TextToSpeechClientMetadata>()!.ProviderName.ShouldBe("vibevoice");
        client.GetService<VibeVoiceModel>().ShouldBeSameAs(Model);
        client.GetService<ITextToSpeechClient>().ShouldBeSameAs(_client);
        client.GetService<string>().ShouldBeNull();
        client.GetService<VibeVoiceModel>("key").ShouldBeNull();
    }

    [Fact]
    public async Task Nothing_to_say_and_no_voice_are_refused()
    {
        await Should.ThrowAsync<ArgumentNullException>(_client.GetAudioAsync(null!, null, Cancellation));
        await Should.ThrowAsync<ArgumentException>(_client.GetAudioAsync(" \n", null, Cancellation));
        Should
            .Throw<ArgumentException>(() => new VibeVoiceTextToSpeechClient(Model, []))
            .Message.ShouldContain("There is no voice");
        Should
            .Throw<ArgumentException>(() => new VibeVoiceTextToSpeechClient(Model, [Voice, Voice]))
            .Message.ShouldContain("Two voices are called 'tiny'");
    }

    private static TextToSpeechOptions Options(string? format, params (string Name, object Value)[] numbers) =>
        new()
        {
            AudioFormat = format,
            AdditionalProperties = new(
                numbers.Select(number => KeyValuePair.Create(number.Name, (object?)number.Value))
            ),
        };

    private static byte[] Bytes(IEnumerable<AIContent> contents) =>
        [.. contents.OfType<DataContent>().SelectMany(content => content.Data.ToArray())];

    private sealed class CountingNoise : INoiseSource
    {
        public int Frames { get; private set; }

        public void Fill(int frame, Span<float> noise)
        {
            Frames++;
            noise.Clear();
        }
    }
}
