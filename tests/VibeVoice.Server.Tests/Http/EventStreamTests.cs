using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
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
