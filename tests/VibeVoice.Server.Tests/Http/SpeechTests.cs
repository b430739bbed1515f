using System.Net;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary><c>POST /v1/audio/speech</c>: the file that was asked for, from the first frame on.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class SpeechTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("mp3", "audio/mpeg", "mp3")]
    [InlineData("opus", "audio/ogg", "opus")]
    [InlineData("aac", "audio/aac", "aac")]
    [InlineData("flac", "audio/flac", "flac")]
    [InlineData("wav", "audio/wav", "pcm_s16le")]
    public async Task Every_format_comes_with_its_type_and_sounds_as_it_was_made(
        string format,
        string contentType,
        string codec
    )
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());

        using var answer = await stage.SpeakAsync(
            $$"""{"model": "tts-1", "input": "Hello.", "voice": "alloy", "response_format": "{{format}}"}"""
        );

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.ToString().ShouldBe(contentType);
        answer.Headers.TransferEncodingChunked.ShouldBe(true);
        var file = await answer.Content.ReadAsByteArrayAsync(Token);
        (await Listener.ProbeAsync(file)).Codec.ShouldBe(codec);
        var samples = await Listener.DecodeAsync(file);
        (samples.Length / 24_000.0).ShouldBe(2, tolerance: 0.15);
        Listener.Measure(samples).FrequencyHz.ShouldBe(440, tolerance: 10);
    }

    [Fact]
    public async Task Mp3_is_what_is_meant_where_no_format_is_named()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var answer = await stage.SpeakAsync("""{"input": "Hello."}""");
        answer.Content.Headers.ContentType!.ToString().ShouldBe("audio/mpeg");
    }

    [Fact]
    public async Task Pcm_is_the_samples_and_a_streamed_wav_says_that_its_sizes_are_unknown()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer { Frames = 3 });
        using var pcm = await stage.SpeakAsync("""{"input": "Hello.", "response_format": "pcm"}""");
        using var wav = await stage.SpeakAsync("""{"input": "Hello.", "response_format": "wav"}""");

        pcm.Content.Headers.ContentType!.ToString().ShouldBe("audio/pcm");
        var samples = await pcm.Content.ReadAsByteArrayAsync(Token);
        samples.Length.ShouldBe(3 * 3_200 * 2);
        var file = await wav.Content.ReadAsByteArrayAsync(Token);
        file.AsSpan(4, 4).ToArray().ShouldAllBe(value => value == 0xFF);
        file.AsSpan(40, 4).ToArray().ShouldAllBe(value => value == 0xFF);
        file[44..].ShouldBe(samples);
    }

    [Fact]
    public async Task The_tempo_changes_and_the_pitch_does_not()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var answer = await stage.SpeakAsync("""{"input": "Hello.", "speed": 2, "response_format": "flac"}""");
        var samples = await Listener.DecodeAsync(await answer.Content.ReadAsByteArrayAsync(Token));
        (samples.Length / 24_000.0).ShouldBe(1, tolerance: 0.15);
        Listener.Measure(samples).FrequencyHz.ShouldBe(440, tolerance: 10);
    }

    [Fact]
    public async Task The_first_frame_is_heard_before_the_second_is_made()
    {
        var second = new TaskCompletionSource();
        var engine = new FakeSynthesizer
        {
            Frames = 2,
            BeforeFrame = (index, _) => index == 0 ? Task.CompletedTask : second.Task,
        };
        await using var stage = await HttpStage.StartAsync(engine);

        using var answer = await stage.SpeakAsync("""{"input": "Hello.", "response_format": "pcm"}""");
        await using var body = await answer.Content.ReadAsStreamAsync(Token);
        await body.ReadExactlyAsync(new byte[6_400], Token);
        second.SetResult();
        await body.ReadExactlyAsync(new byte[6_400], Token);
        (await body.ReadAsync(new byte[1], Token)).ShouldBe(0);
    }

    [Theory]
    [InlineData("\"nova\"", "en-Emma_woman")]
    [InlineData("\"EMMA\"", "en-Emma_woman")]
    [InlineData("{\"id\": \"jp-Spk0_man\"}", "jp-Spk0_man")]
    [InlineData("null", "en-Emma_woman")]
    public async Task A_voice_may_be_a_name_an_alias_or_an_object(string voice, string spoken)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var answer = await stage.SpeakAsync($$"""{"input": "Hello.", "voice": {{voice}}}""");
        Header(answer, "X-VibeVoice-Voice").ShouldBe(spoken);
    }

    [Fact]
    public async Task What_has_no_effect_is_told_in_a_header_and_a_seed_comes_back()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var answer = await stage.SpeakAsync(
            """{"input": "Hello.", "instructions": "Be cheerful.", "seed": 7, "cfg_scale": 2, "steps": 9, "user": "x"}"""
        );
        Header(answer, "X-VibeVoice-Ignored").ShouldBe("instructions");
        Header(answer, "X-VibeVoice-Seed").ShouldBe("7");

        await using var preview = await HttpStage.StartAsync(new FakeSynthesizer { IsDiffusionModel = false });
        using var other = await preview.SpeakAsync("""{"input": "Hello.", "seed": 7, "cfg_scale": 2, "steps": 9}""");
        Header(other, "X-VibeVoice-Ignored").ShouldBe("seed, cfg_scale, steps");
    }

    [Fact]
    public async Task A_failure_before_the_first_byte_is_an_answer()
    {
        var engine = new FakeSynthesizer { BeforeFrame = (_, _) => throw new SpeechFailedException("It broke.") };
        await using var stage = await HttpStage.StartAsync(engine);
        foreach (var format in new[] { "mp3", "pcm", "wav" })
        {
            using var answer = await stage.SpeakAsync($$"""{"input": "x", "response_format": "{{format}}"}""");
            (await HttpStage.ErrorOfAsync(answer, 500)).GetProperty("message").GetString().ShouldBe("It broke.");
        }
    }

    [Fact]
    public async Task A_bug_gives_an_id_to_quote_and_the_log_all_of_it()
    {
        var engine = new FakeSynthesizer { BeforeFrame = (_, _) => throw new InvalidOperationException("tensor 7") };
        await using var stage = await HttpStage.StartAsync(engine);
        using var answer = await stage.SpeakAsync("""{"input": "rumpelstilzchen"}""");
        var message = (await HttpStage.ErrorOfAsync(answer, 500)).GetProperty("message").GetString()!;
        message.ShouldNotContain("tensor");
        var record = stage.Logs.GetSnapshot().Single(record => record.Exception is InvalidOperationException);
        message.ShouldContain(record.StructuredState!.Single(pair => pair.Key == "ErrorId").Value!);
        stage
            .Logs.GetSnapshot()
            .ShouldAllBe(record => !$"{record.Message} {record.Exception}".Contains("rumpelstilzchen"));
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("pcm")]
    public async Task A_failure_after_the_first_byte_cuts_the_connection(string format)
    {
        var heard = new TaskCompletionSource();
        var engine = new FakeSynthesizer
        {
            Frames = 200,
            BeforeFrame = async (index, _) =>
            {
                if (index == 150)
                {
                    await heard.Task;
                    throw new SpeechFailedException("It broke.");
                }
            },
        };
        await using var stage = await HttpStage.StartAsync(engine);
        using var answer = await stage.SpeakAsync($$"""{"input": "x", "response_format": "{{format}}"}""");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        heard.SetResult();
        await Should.ThrowAsync<Exception>(() => answer.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_slot_at_once()
    {
        var isFirst = true;
        var left = new TaskCompletionSource();
        var engine = new FakeSynthesizer
        {
            Frames = 3,
            BeforeFrame = async (index, token) =>
            {
                if (isFirst && index == 1)
                {
                    isFirst = false;
                    await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    left.SetResult();
                    token.ThrowIfCancellationRequested();
                }
            },
        };
        await using var stage = await HttpStage.StartAsync(engine, slots: 1);
        using (await stage.SpeakAsync("""{"input": "x", "response_format": "pcm"}""")) { }

        await left.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        using var next = await stage.SpeakAsync("""{"input": "x", "response_format": "pcm"}""");
        (await next.Content.ReadAsByteArrayAsync(Token)).Length.ShouldBe(3 * 6_400);
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
