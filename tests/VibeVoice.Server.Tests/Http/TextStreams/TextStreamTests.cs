using System.Net;
using System.Text.Json;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http.TextStreams;

/// <summary><c>GET /v1/audio/speech/stream</c>: text in while it is being written, audio out meanwhile.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class TextStreamTests
{
    private const int FrameBytes = 6_400;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Audio_is_heard_before_the_text_has_ended()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var client = await TextStreamClient.ConnectAsync(stage.Port);
        await client.SendAsync("""{"type": "start", "voice": "nova", "seed": 7}""");
        var started = (await client.ReceiveAsync()).Body;
        started
            .GetRawText()
            .ShouldBe(
                """{"type":"started","voice":"en-Emma_woman","format":"pcm","content_type":"audio/pcm","sample_rate_hz":24000,"channels":1,"seed":7,"engine":"fake","model":"tone","ai_generated":true,"ignored":[]}"""
            );

        await client.SendTextAsync("Hel");
        await client.SendTextAsync("lo the");
        var first = await client.ReceiveUntilAsync("progress");
        first.ShouldContain(said => said.Type == "binary");
        await client.SendTextAsync("re.");
        await client.SendAsync("""{"type": "done"}""");
        var rest = await client.ReceiveUntilAsync("done");

        TextStreamClient.Audio([.. first, .. rest]).Length.ShouldBe(4 * FrameBytes);
        rest[^1]
            .Body.GetRawText()
            .ShouldBe(
                """{"type":"done","usage":{"input_tokens":2,"output_tokens":4,"total_tokens":6},"characters":12,"duration_seconds":0.533,"seed":7,"warnings":[]}"""
            );
        first[^1].Body.GetProperty("seconds").GetDouble().ShouldBeGreaterThan(0.1);
        await stage.UntilAsync("vibevoice_active_slots 0");
        await stage.UntilAsync("vibevoice_speech_requests_total{status=\"200\"} 1");
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("opus")]
    [InlineData("aac")]
    [InlineData("flac")]
    [InlineData("wav")]
    [InlineData("pcm")]
    public async Task Every_format_is_one_file_also_in_base64(string format)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer { FramesPerWord = 5 });
        var audio = format is "mp3" or "pcm" ? "base64" : "binary";
        using var client = await TextStreamClient.StartAsync(
            stage.Port,
            $$"""{"type": "start", "format": "{{format}}", "audio": "{{audio}}"}"""
        );
        await client.SendTextAsync("one two three");
        await client.SendAsync("""{"type": "done"}""");
        var said = await client.ReceiveUntilAsync("done");

        said.ShouldContain(message => message.Type == (audio == "base64" ? "audio" : "binary"));
        said.ShouldNotContain(message => message.Type == (audio == "base64" ? "binary" : "audio"));
        var samples = await Listener.DecodeAsync(TextStreamClient.Audio(said), Listener.InputOf(format));
        (samples.Length / 24_000.0).ShouldBe(2, tolerance: 0.15);
        Listener.Measure(samples).FrequencyHz.ShouldBe(440, tolerance: 10);
    }

    [Fact]
    public async Task A_flush_speaks_what_is_there_and_the_stream_goes_on()
    {
        var engine = new FakeSynthesizer();
        await using var stage = await HttpStage.StartAsync(engine);
        using var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("Hello");
        await client.SendAsync("""{"type": "flush"}""");
        await client.ReceiveUntilAsync("binary");
        engine.Words.ShouldContain("Hello");
        await client.SendAsync("""{"type": "flush"}""");
        await client.SendTextAsync(" ");
        await client.SendAsync("""{"type": "flush"}""");
        await client.SendTextAsync("again");
        await client.SendAsync("""{"type": "done"}""");
        await client.AudioAsync();
        engine.Words.ShouldBe(["Hello", "|", "again", "|"]);
    }

    [Fact]
    public async Task A_cancel_frees_the_slot_within_a_frame_and_another_start_may_follow()
    {
        var engine = new FakeSynthesizer
        {
            BeforeFrame = (index, token) => index < 3 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, token),
        };
        await using var stage = await HttpStage.StartAsync(engine, slots: 1);
        using var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("one two three four");
        await client.SendAsync("""{"type": "done"}""");
        await client.ReceiveUntilAsync("binary");
        await client.SendAsync("""{"type": "cancel"}""");
        await client.ReceiveUntilAsync("cancelled");
        await stage.UntilAsync("vibevoice_active_slots 0");

        // Of the other nothing may come.
        await client.SendAsync("""{"type": "start"}""");
        (await client.ReceiveAsync()).Type.ShouldBe("started");
        await client.SendTextAsync("one ");
        await client.SendAsync("""{"type": "done"}""");
        (await client.AudioAsync()).Length.ShouldBe(2 * FrameBytes);
        await client.SendAsync("""{"type": "cancel"}""");
        (await client.ReceiveAsync()).Type.ShouldBe("cancelled");
    }

    [Fact]
    public async Task One_speech_after_another_and_one_without_words_needs_no_slot()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), slots: 1);
        using var client = await TextStreamClient.ConnectAsync(stage.Port);
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync("""{"type": "start"}""");
            await client.SendTextAsync(i % 2 == 0 ? "word" : " \n");
            await client.SendAsync("""{"type": "done"}""");
            (await client.ReceiveAsync()).Type.ShouldBe("started");
            (await client.AudioAsync()).Length.ShouldBe(i % 2 == 0 ? 2 * FrameBytes : 0);
        }

        await client.SendAsync("""{"type": "ping"}""");
        (await client.ReceiveAsync()).Type.ShouldBe("pong");
    }

    [Fact]
    public async Task A_client_that_vanishes_frees_its_slot()
    {
        var begun = new TaskCompletionSource();
        var engine = new FakeSynthesizer
        {
            BeforeFrame = (_, token) =>
            {
                begun.TrySetResult();
                return Task.Delay(Timeout.Infinite, token);
            },
        };
        await using var stage = await HttpStage.StartAsync(engine, slots: 1);
        var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("one two");
        await begun.Task;
        client.Socket.Abort();
        client.Dispose();
        await stage.UntilAsync("vibevoice_active_slots 0");
        await stage.UntilAsync("vibevoice_text_streams 0");
        await stage.UntilAsync("vibevoice_speech_requests_total{status=\"499\"} 1");
    }

    [Fact]
    public async Task A_failure_of_the_engine_ends_the_speech_and_not_the_connection()
    {
        var isBroken = true;
        var engine = new FakeSynthesizer
        {
            BeforeFrame = (index, _) =>
                isBroken && index == 1 ? throw new SpeechFailedException("It broke.") : Task.CompletedTask,
        };
        await using var stage = await HttpStage.StartAsync(engine);
        using var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("one two ");
        (await client.ErrorAsync()).ShouldBe("speech_failed");
        isBroken = false;
        // What was on its way meanwhile is for nobody.
        await client.SendTextAsync("three");
        await client.SendAsync("""{"type": "done"}""");
        await client.SendAsync("""{"type": "start"}""");
        (await client.ReceiveAsync()).Type.ShouldBe("started");
        await client.SendTextAsync("four");
        await client.SendAsync("""{"type": "done"}""");
        (await client.AudioAsync()).Length.ShouldBe(2 * FrameBytes);
        await stage.UntilAsync("vibevoice_speech_requests_total{status=\"500\"} 1");
    }

    [Fact]
    public async Task Text_that_outruns_the_speech_is_not_read_before_there_is_room()
    {
        var go = new SemaphoreSlim(0);
        var engine = new FakeSynthesizer { BeforeFrame = (_, token) => go.WaitAsync(token) };
        await using var stage = await HttpStage.StartAsync(engine, streams: new() { BufferCharacters = 256 });
        using var client = await TextStreamClient.StartAsync(stage.Port);
        for (var i = 0; i < 8; i++)
        {
            await client.SendTextAsync(string.Concat(Enumerable.Repeat("word ", 20)));
        }

        await client.SendAsync("""{"type": "ping"}""");
        await client.SendAsync("""{"type": "done"}""");
        var receiving = client.ReceiveAsync();
        await Task.Delay(100, Token);
        receiving.IsCompleted.ShouldBeFalse();
        go.Release(8 * 20 * engine.FramesPerWord);
        List<ServerSaid> said = [await receiving, .. await client.ReceiveUntilAsync("done")];
        said.ShouldContain(message => message.Type == "pong");
        TextStreamClient.Audio(said).Length.ShouldBe(8 * 20 * 2 * FrameBytes);
    }

    [Fact]
    public async Task What_is_no_WebSocket_is_told_so_and_the_document_describes_it()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var answer = await stage.Client.GetAsync("/v1/audio/speech/stream", Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.UpgradeRequired);
        (await HttpStage.ErrorOfAsync(answer, 426)).GetProperty("code").GetString().ShouldBe("upgrade_required");
        var document = JsonElement.Parse(await stage.Client.GetStringAsync("/openapi.json", Token));
        document
            .GetProperty("paths")
            .GetProperty("/v1/audio/speech/stream")
            .TryGetProperty("get", out _)
            .ShouldBeTrue();
    }
}
