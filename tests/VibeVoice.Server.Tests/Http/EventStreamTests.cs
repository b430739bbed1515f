using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using VibeVoice.Server.Http;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary><c>"stream_format": "sse"</c>: the same bytes as events.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class EventStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_deltas_together_are_the_file_and_the_end_tells_the_true_usage()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer { Frames = 40, TextTokens = 11 });
        using var answer = await stage.SpeakAsync(
            """{"input": "Hello.", "response_format": "pcm", "stream_format": "sse", "speed": 1}"""
        );

        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/event-stream");
        var events = await EventsAsync(answer);
        events[^1].Data.ShouldBe("[DONE]");
        var done = JsonElement.Parse(events[^2].Data);
        done.GetRawText()
            .ShouldBe(
                """{"type":"speech.audio.done","usage":{"input_tokens":11,"output_tokens":40,"total_tokens":51}}"""
            );
        var deltas = events.SkipLast(2).Select(item => JsonElement.Parse(item.Data)).ToList();
        deltas.ShouldAllBe(delta => delta.GetProperty("type").GetString() == "speech.audio.delta");
        var bytes = deltas.SelectMany(delta => delta.GetProperty("audio").GetBytesFromBase64()).ToArray();
        using var plain = await stage.SpeakAsync("""{"input": "Hello.", "response_format": "pcm"}""");
        bytes.ShouldBe(await plain.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task A_failure_before_the_first_byte_is_an_answer_and_one_after_it_an_event()
    {
        var heard = new TaskCompletionSource();
        var isEarly = true;
        var engine = new FakeSynthesizer
        {
            BeforeFrame = async (index, _) =>
            {
                if (index == 1)
                {
                    await heard.Task;
                }

                if (isEarly || index == 1)
                {
                    throw new SpeechFailedException("It broke.");
                }
            },
        };
        const string body = """{"input": "x", "response_format": "pcm", "stream_format": "sse"}""";
        await using var stage = await HttpStage.StartAsync(engine);
        using var early = await stage.SpeakAsync(body);
        (await HttpStage.ErrorOfAsync(early, 500)).GetProperty("message").GetString().ShouldBe("It broke.");

        isEarly = false;
        using var late = await stage.SpeakAsync(body);
        heard.SetResult();
        var events = await EventsAsync(late);
        events.ShouldNotContain(item => item.Data == "[DONE]");
        events[^1].EventType.ShouldBe("error");
        var error = JsonElement.Parse(events[^1].Data).GetProperty("error");
        error.GetProperty("message").GetString().ShouldBe("It broke.");
        error.GetProperty("code").GetString().ShouldBe("speech_failed");

        // Both, and neither as spoken.
        var metrics = await stage.Client.GetStringAsync("/metrics", Token);
        metrics.ShouldContain("vibevoice_speech_requests_total{status=\"500\"} 2\n");
        metrics.ShouldNotContain("{status=\"200\"}");
        metrics.ShouldContain("vibevoice_first_audio_seconds_count 0\n");
        var log = stage.Logs.GetSnapshot().Select(record => record.Message).ToList();
        log.ShouldContain("An event stream ended with the error 'speech_failed'.");
        log.ShouldNotContain(message => message.StartsWith("Spoke ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Silence_is_broken_by_a_comment_every_15_seconds()
    {
        var time = new FakeTimeProvider();
        var (waiting, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var engine = new FakeSynthesizer
        {
            Frames = 1,
            BeforeFrame = (_, _) =>
            {
                waiting.TrySetResult();
                return go.Task;
            },
        };
        await using var stage = await HttpStage.StartAsync(engine, time: time);
        var asking = stage.SpeakAsync("""{"input": "x", "response_format": "pcm", "stream_format": "sse"}""");
        await waiting.Task;
        while (!asking.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, Token);
        }

        using var answer = await asking;
        go.SetResult();
        var text = await answer.Content.ReadAsStringAsync(Token);
        text.ShouldStartWith(": ");
        text.ShouldEndWith("data: [DONE]\n\n");
    }

    [Fact]
    public async Task Who_waits_for_a_slot_gets_comments_and_a_full_queue_refuses_before_any_byte()
    {
        var time = new FakeTimeProvider();
        var go = new TaskCompletionSource();
        var engine = new FakeSynthesizer { Frames = 1, BeforeFrame = (_, _) => go.Task };
        await using var stage = await HttpStage.StartAsync(
            engine,
            new HttpOptions { QueueLength = 1 },
            slots: 1,
            time: time
        );
        const string body = """{"input": "x", "response_format": "pcm", "stream_format": "sse"}""";
        var running = stage.SpeakAsync("""{"input": "x", "response_format": "pcm"}""");
        await stage.UntilAsync("vibevoice_active_slots 1");
        var waiting = stage.SpeakAsync(body);
        await stage.UntilAsync("vibevoice_queue_length 1");
        using (var refused = await stage.SpeakAsync(body))
        {
            (await HttpStage.ErrorOfAsync(refused, 429)).GetProperty("code").GetString().ShouldBe("queue_full");
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        waiting.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(15));
        using var answer = await waiting.WaitAsync(TimeSpan.FromSeconds(10), Token);
        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/event-stream");
        running.IsCompleted.ShouldBeFalse();
        go.SetResult();
        var text = await answer.Content.ReadAsStringAsync(Token);
        text.ShouldStartWith(": ");
        text.ShouldEndWith("data: [DONE]\n\n");
        (await running).Dispose();
    }

    [Fact]
    public async Task What_ends_while_it_waits_is_told_in_an_event_once_headers_are_out()
    {
        var time = new FakeTimeProvider();
        var engine = new FakeSynthesizer { BeforeFrame = (_, token) => Task.Delay(Timeout.Infinite, token) };
        await using var stage = await HttpStage.StartAsync(
            engine,
            new HttpOptions { RequestSeconds = 40 },
            slots: 1,
            time: time
        );
        var running = stage.SpeakAsync("""{"input": "x", "response_format": "pcm"}""");
        await stage.UntilAsync("vibevoice_active_slots 1");
        var waiting = stage.SpeakAsync("""{"input": "x", "response_format": "pcm", "stream_format": "sse"}""");
        await stage.UntilAsync("vibevoice_queue_length 1");
        time.Advance(TimeSpan.FromSeconds(15));
        using var answer = await waiting.WaitAsync(TimeSpan.FromSeconds(10), Token);
        time.Advance(TimeSpan.FromSeconds(25));
        var events = await EventsAsync(answer);
        events[^1].EventType.ShouldBe("error");
        events[^1].Data.ShouldContain("\"code\":\"timeout\"");
        (await running).Dispose();
        await stage.UntilAsync("vibevoice_speech_requests_total{status=\"503\"} 2");
        await stage.UntilAsync("vibevoice_active_slots 0");
    }

    private static async Task<List<SseItem<string>>> EventsAsync(HttpResponseMessage answer)
    {
        var events = new List<SseItem<string>>();
        await foreach (
            var item in SseParser.Create(await answer.Content.ReadAsStreamAsync(Token)).EnumerateAsync(Token)
        )
        {
            events.Add(item);
        }

        return events;
    }
}
