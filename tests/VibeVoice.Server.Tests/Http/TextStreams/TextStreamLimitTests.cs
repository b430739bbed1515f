using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.Extensions.Time.Testing;
using VibeVoice.Server.Http;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http.TextStreams;

/// <summary>What a text stream refuses, and what it does not wait for.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class TextStreamLimitTests
{
    private const string Start = """{"type": "start"}""";

    private static readonly HttpOptions _keys = new() { ApiKeys = "sk-one, sk-two" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("not json", "invalid_message")]
    [InlineData("[]", "invalid_message")]
    [InlineData("""{"type": 5}""", "invalid_message")]
    [InlineData("""{"type": "\ud800"}""", "invalid_message")]
    [InlineData("""{"type": "sing"}""", "unknown_type")]
    [InlineData("""{"type": "text", "delta": "Hello."}""", "out_of_turn")]
    [InlineData("""{"type": "flush"}""", "out_of_turn")]
    [InlineData("""{"type": "done"}""", "out_of_turn")]
    [InlineData("""{"type": "start", "voice": "nobody"}""", "invalid_value")]
    [InlineData("""{"type": "start", "format": "tape"}""", "invalid_value")]
    [InlineData("""{"type": "start", "audio": "loud"}""", "invalid_value")]
    public async Task A_message_that_makes_no_sense_is_told_and_a_right_one_may_follow(string message, string code)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var client = await TextStreamClient.ConnectAsync(stage.Port);
        await client.SendAsync(message);
        (await client.ErrorAsync()).ShouldBe(code);
        await client.SendAsync(Start);
        (await client.ReceiveAsync()).Type.ShouldBe("started");
    }

    [Theory]
    [InlineData("""{"type": "text"}""", "invalid_value")]
    [InlineData("""{"type": "text", "delta": 5}""", "invalid_value")]
    [InlineData("""{"type": "start"}""", "out_of_turn")]
    public async Task In_the_middle_of_a_speech_it_ends_the_speech(string message, string code)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), slots: 1);
        using var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("one ");
        await client.ReceiveUntilAsync("binary");
        await client.SendAsync(message);
        (await client.ErrorAsync()).ShouldBe(code);
        await stage.UntilAsync("vibevoice_active_slots 0");
        await client.SendAsync(Start);
        (await client.ReceiveAsync()).Type.ShouldBe("started");
    }

    [Fact]
    public async Task Text_after_the_end_of_the_text_is_not_dropped_in_silence()
    {
        var engine = new FakeSynthesizer { BeforeFrame = (_, token) => Task.Delay(Timeout.Infinite, token) };
        await using var stage = await HttpStage.StartAsync(engine);
        using var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("one ");
        await client.SendAsync("""{"type": "done"}""");
        await client.SendTextAsync("two");
        (await client.ErrorAsync()).ShouldBe("out_of_turn");
        await stage.UntilAsync("vibevoice_active_slots 0");
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_told_and_a_message_that_is_closes_the_connection()
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            speech: new SpeechSettings { MaxTextCharacters = 10 }
        );
        using var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("12345 ");
        await client.SendTextAsync("67890");
        (await client.ErrorAsync()).ShouldBe("string_above_max_length");
        await client.SendAsync(Start);
        (await client.ReceiveAsync()).Type.ShouldBe("started");
        await client.SendTextAsync(new string('x', 70_000));
        (await client.ErrorAsync()).ShouldBe("message_too_large");
        (await client.ClosedAsync()).Code.ShouldBe(1009);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("own header")]
    [InlineData("protocol")]
    [InlineData("message")]
    public async Task A_key_may_come_in_four_ways_and_a_wrong_one_is_refused_in_the_same_way(string way)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), _keys);
        using (var right = await ConnectAsync("sk-two"))
        {
            (await right.ReceiveAsync()).Type.ShouldBe("started");
            right.Socket.SubProtocol.ShouldBe(way == "protocol" ? "vibevoice" : null);
            await right.SendTextAsync("word");
            await right.SendAsync("""{"type": "done"}""");
            (await right.AudioAsync()).ShouldNotBeEmpty();
        }

        foreach (var key in new[] { "sk-three", null })
        {
            using var wrong = await ConnectAsync(key);
            (await wrong.ErrorAsync()).ShouldBe("invalid_api_key");
            (await wrong.ClosedAsync()).ShouldBe((1008, "invalid_api_key"));
        }

        stage.Client.DefaultRequestHeaders.Add("X-API-Key", "sk-one");
        await stage.UntilAsync("vibevoice_text_streams 0");
        stage.Logs.GetSnapshot().ShouldAllBe(record => !Says(record, "sk-t"));

        async Task<TextStreamClient> ConnectAsync(string? key)
        {
            var client = await TextStreamClient.ConnectAsync(
                stage.Port,
                options =>
                {
                    if (way == "header" && key is not null)
                    {
                        options.SetRequestHeader("Authorization", $"Bearer {key}");
                    }
                    else if (way == "own header" && key is not null)
                    {
                        // As behind RunPod, whose own key stands in the other.
                        options.SetRequestHeader("Authorization", "Bearer of-another");
                        options.SetRequestHeader("X-API-Key", key);
                    }
                    else if (way == "protocol")
                    {
                        options.AddSubProtocol("vibevoice");
                        if (key is not null)
                        {
                            options.AddSubProtocol($"key.{key}");
                        }
                    }
                }
            );
            await client.SendAsync(
                way == "message" && key is not null ? $$"""{"type": "start", "api_key": "{{key}}"}""" : Start
            );
            return client;
        }
    }

    [Theory]
    [InlineData("""{"type": "text", "delta": "Hello."}""")]
    [InlineData("""{"type": "ping"}""")]
    [InlineData("nonsense")]
    public async Task Who_has_no_key_is_heard_once(string message)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), _keys);
        using var client = await TextStreamClient.ConnectAsync(stage.Port);
        await client.SendAsync(message);
        (await client.ErrorAsync()).ShouldBeOneOf("invalid_api_key", "invalid_message");
        (await client.ClosedAsync()).Code.ShouldBe(1008);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("http://127.0.0.1:{port}", true)]
    [InlineData("https://127.0.0.1:{port}", true)]
    [InlineData("https://good.example", true)]
    [InlineData("https://evil.example", false)]
    [InlineData("http://127.0.0.1:1", false)]
    [InlineData("http://127.0.0.1", false)]
    [InlineData("null", false)]
    public async Task A_page_from_elsewhere_is_refused_unless_it_is_allowed(string? origin, bool isAllowed)
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { CorsOrigins = "https://good.example" }
        );
        var connecting = TextStreamClient.ConnectAsync(
            stage.Port,
            options =>
            {
                options.CollectHttpResponseDetails = true;
                if (origin is not null)
                {
                    options.SetRequestHeader("Origin", origin.Replace("{port}", $"{stage.Port}"));
                }
            }
        );
        if (isAllowed)
        {
            (await connecting).Dispose();
        }
        else
        {
            (await Should.ThrowAsync<WebSocketException>(() => connecting)).Message.ShouldContain("403");
        }
    }

    [Fact]
    public async Task A_full_queue_is_told_with_the_time_to_come_again_and_words_alone_take_a_slot()
    {
        var go = new TaskCompletionSource();
        var engine = new FakeSynthesizer { BeforeFrame = (_, _) => go.Task };
        await using var stage = await HttpStage.StartAsync(engine, new HttpOptions { QueueLength = 0 }, slots: 1);
        using var quiet = await TextStreamClient.StartAsync(stage.Port);
        using var first = await TextStreamClient.StartAsync(stage.Port);
        using var second = await TextStreamClient.StartAsync(stage.Port);
        await quiet.SendTextAsync("  ");
        await first.SendTextAsync("word");
        await stage.UntilAsync("vibevoice_active_slots 1");
        await second.SendTextAsync("word");
        var said = await second.ReceiveAsync();
        said.Body.GetProperty("error").GetProperty("code").GetString().ShouldBe("queue_full");
        said.Body.GetProperty("retry_after_seconds").GetInt32().ShouldBeGreaterThan(0);
        var (code, reason) = await second.ClosedAsync();
        code.ShouldBe(1013);
        reason.ShouldNotBeNull().ShouldMatch("^queue_full: retry after [0-9]+ s$");
        go.SetResult();
        await first.SendAsync("""{"type": "done"}""");
        (await first.AudioAsync()).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Each_start_counts_towards_the_rate_of_its_key()
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            _keys with
            {
                RateLimitPerMinute = 2,
            }
        );
        using var client = await TextStreamClient.ConnectAsync(
            stage.Port,
            options => options.SetRequestHeader("X-API-Key", "sk-one")
        );
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(Start);
            (await client.ReceiveAsync()).Type.ShouldBe("started");
            await client.SendAsync("""{"type": "cancel"}""");
            (await client.ReceiveAsync()).Type.ShouldBe("cancelled");
        }

        await client.SendAsync(Start);
        (await client.ErrorAsync()).ShouldBe("rate_limit_exceeded");
        (await client.ClosedAsync()).Code.ShouldBe(1013);
        stage.Client.DefaultRequestHeaders.Add("X-API-Key", "sk-one");
        using var post = await stage.SpeakAsync("""{"input": "x"}""");
        post.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task A_text_that_stalls_gives_its_slot_back_and_who_says_nothing_is_closed()
    {
        var time = new FakeTimeProvider();
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), slots: 1, time: time);
        using var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("one two");
        await client.ReceiveUntilAsync("progress");
        var error = client.ErrorAsync();
        await AdvanceUntilAsync(time, error);
        (await error).ShouldBe("text_timeout");
        await stage.UntilAsync("vibevoice_active_slots 0");
        var idle = client.ErrorAsync();
        await AdvanceUntilAsync(time, idle);
        (await idle).ShouldBe("idle_timeout");
        (await client.ClosedAsync()).ShouldBe((1000, "idle_timeout"));
    }

    [Fact]
    public async Task A_server_that_stops_lets_a_speech_end_and_closes_what_is_quiet()
    {
        var go = new TaskCompletionSource();
        var engine = new FakeSynthesizer { BeforeFrame = (_, _) => go.Task };
        var stage = await HttpStage.StartAsync(engine);
        using var quiet = await TextStreamClient.StartAsync(stage.Port);
        using var speaking = await TextStreamClient.StartAsync(stage.Port);
        await speaking.SendTextAsync("one ");
        await stage.UntilAsync("vibevoice_active_slots 1");
        var stopping = stage.Server.StopAsync();
        (await quiet.ErrorAsync()).ShouldBe("draining");
        (await quiet.ClosedAsync()).ShouldBe((1013, "draining: retry after 1 s"));
        go.SetResult();
        await speaking.SendTextAsync("two");
        await speaking.SendAsync("""{"type": "done"}""");
        (await speaking.AudioAsync()).Length.ShouldBe(4 * 6_400);
        (await speaking.ErrorAsync()).ShouldBe("draining");
        (await speaking.ClosedAsync()).Code.ShouldBe(1013);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), Token);
        await stage.DisposeAsync();
    }

    [Fact]
    public async Task Who_opens_too_many_or_comes_too_early_is_refused_before_the_handshake()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), streams: new() { Connections = 1 });
        using var first = await TextStreamClient.StartAsync(stage.Port);
        (await RefusalAsync(stage)).ShouldContain("429");
        await using var loading = await HttpStage.StartAsync(new FakeSynthesizer(), isReady: false);
        (await RefusalAsync(loading)).ShouldContain("503");
    }

    [Fact]
    public async Task A_reader_that_reads_nothing_loses_its_connection_and_its_slot()
    {
        var engine = new FakeSynthesizer { FramesPerWord = 6_000 };
        var options = new HttpOptions { BufferBytes = 128 * 1024, SlowReaderSeconds = 1 };
        await using var stage = await HttpStage.StartAsync(engine, options, slots: 1);
        using var invoker = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                ConnectCallback = async (context, token) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 16 * 1024 };
                    await socket.ConnectAsync(context.DnsEndPoint, token);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        );
        using var client = await TextStreamClient.ConnectAsync(stage.Port, invoker: invoker);
        await client.SendAsync(Start);
        await client.SendTextAsync("word ");
        await stage.UntilAsync("vibevoice_active_slots 1");
        await stage.UntilAsync("vibevoice_active_slots 0");
        await stage.UntilAsync("vibevoice_text_streams 0");
        stage
            .Logs.GetSnapshot()
            .ShouldContain(record => record.Message.StartsWith("A reader took too little of its text stream"));
    }

    private static async Task<string> RefusalAsync(HttpStage stage) =>
        (await Should.ThrowAsync<WebSocketException>(() => TextStreamClient.ConnectAsync(stage.Port))).Message;

    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Task task)
    {
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, Token);
        }
    }

    private static bool Says(Microsoft.Extensions.Logging.Testing.FakeLogRecord record, string secret) =>
        record.Message.Contains(secret)
        || (record.StructuredState ?? []).Any(pair => pair.Value?.Contains(secret) == true)
        || $"{record.Exception}".Contains(secret);
}
