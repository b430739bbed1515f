using System.Net;
using System.Net.Sockets;
using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>Keys, queue, rates, and readers that take their time.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class LimitTests
{
    private const string Pcm = """{"input": "x", "response_format": "pcm"}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Authorization", "Bearer second", HttpStatusCode.OK)]
    [InlineData("Authorization", "bearer first", HttpStatusCode.OK)]
    [InlineData("X-API-Key", "second", HttpStatusCode.OK)]
    [InlineData("Authorization", "Bearer third", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "second", HttpStatusCode.Unauthorized)]
    [InlineData("X-API-Key", "first,second", HttpStatusCode.Unauthorized)]
    [InlineData("X-Other", "first", HttpStatusCode.Unauthorized)]
    public async Task Speech_needs_one_of_the_keys(string header, string value, HttpStatusCode status)
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { ApiKeys = "first, second" }
        );
        stage.Client.DefaultRequestHeaders.TryAddWithoutValidation(header, value);
        using var answer = await stage.SpeakAsync(Pcm);
        answer.StatusCode.ShouldBe(status);
        if (status == HttpStatusCode.Unauthorized)
        {
            (await HttpStage.ErrorOfAsync(answer, 401)).GetProperty("code").GetString().ShouldBe("invalid_api_key");
            answer.Headers.WwwAuthenticate.ShouldHaveSingleItem().Scheme.ShouldBe("Bearer");
        }
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/tts-1")]
    [InlineData("/v1/audio/models")]
    [InlineData("/v1/audio/voices")]
    [InlineData("/metrics")]
    [InlineData("/docs")]
    [InlineData("/openapi.json")]
    [InlineData("/version")]
    public async Task Every_route_but_health_needs_a_key_unless_an_option_opens_it(string path)
    {
        var keys = new HttpOptions { ApiKeys = "key" };
        await using var closed = await HttpStage.StartAsync(new FakeSynthesizer(), keys);
        await using var open = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            keys with
            {
                OpenLists = true,
                OpenMetrics = true,
                OpenDocs = true,
            }
        );

        (await StatusAsync(closed, path)).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(open, path)).ShouldBe(path == "/version" ? HttpStatusCode.Unauthorized : HttpStatusCode.OK);
        (await StatusAsync(closed, "/ping")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(closed, "/health/live")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(closed, "/health/ready")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_key_that_has_made_its_requests_is_told_when_to_come_again_and_the_other_is_not_held_up()
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer { Frames = 1 },
            new HttpOptions { ApiKeys = "a,b", RateLimitPerMinute = 2 }
        );
        using var other = HttpStage.ClientOf(stage.Port);
        stage.Client.DefaultRequestHeaders.Add("X-API-Key", "a");
        for (var i = 0; i < 2; i++)
        {
            using var answer = await stage.SpeakAsync(Pcm);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        using var third = await stage.SpeakAsync(Pcm);
        (await HttpStage.ErrorOfAsync(third, 429)).GetProperty("code").GetString().ShouldBe("rate_limit_exceeded");
        third.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 60);
        (await StatusAsync(stage, "/v1/models")).ShouldBe(HttpStatusCode.OK);
        stage.Client.DefaultRequestHeaders.Remove("X-API-Key");
        stage.Client.DefaultRequestHeaders.Add("X-API-Key", "b");
        using var fresh = await stage.SpeakAsync(Pcm);
        fresh.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task One_more_than_may_wait_is_told_when_the_running_one_will_have_ended()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var (half, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var engine = new FakeSynthesizer
        {
            Frames = 4,
            BeforeFrame = async (index, _) =>
            {
                if (index == 1)
                {
                    half.TrySetResult();
                    await go.Task;
                }
            },
        };
        await using var stage = await HttpStage.StartAsync(
            engine,
            new HttpOptions { QueueLength = 1 },
            slots: 1,
            time: time
        );
        using var running = await stage.SpeakAsync(Pcm);
        await half.Task;
        var waiting = stage.SpeakAsync(Pcm);
        await stage.UntilAsync("vibevoice_queue_length 1");

        // A quarter of the text took 10 seconds, so three quarters will take 30.
        time.Advance(TimeSpan.FromSeconds(10));
        using var refused = await stage.SpeakAsync(Pcm);
        (await HttpStage.ErrorOfAsync(refused, 429)).GetProperty("code").GetString().ShouldBe("queue_full");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(30));

        go.SetResult();
        (await running.Content.ReadAsByteArrayAsync(Token)).Length.ShouldBe(4 * 6_400);
        using var served = await waiting;
        (await served.Content.ReadAsByteArrayAsync(Token)).Length.ShouldBe(4 * 6_400);
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_the_queue()
    {
        var go = new TaskCompletionSource();
        var engine = new FakeSynthesizer { Frames = 1, BeforeFrame = (_, _) => go.Task };
        await using var stage = await HttpStage.StartAsync(engine, new HttpOptions { QueueLength = 1 }, slots: 1);
        var running = stage.SpeakAsync(Pcm);
        await stage.UntilAsync("vibevoice_active_slots 1");
        using (var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token))
        {
            var waiting = stage.SpeakAsync(Pcm, leaving.Token);
            await stage.UntilAsync("vibevoice_queue_length 1");
            await leaving.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        }

        await stage.UntilAsync("vibevoice_queue_length 0");
        go.SetResult();
        (await running).Dispose();
    }

    [Fact]
    public async Task Four_readers_that_read_nothing_lose_their_slots_and_a_fifth_is_served()
    {
        // 40 MB of samples: more than the system's own buffers of a connection and ours take.
        var engine = new FakeSynthesizer { Frames = 6_000 };
        var options = new HttpOptions { BufferBytes = 128 * 1024, SlowReaderSeconds = 1 };
        await using var stage = await HttpStage.StartAsync(engine, options, slots: 4);
        var stalled = new List<Socket>();
        for (var i = 0; i < 4; i++)
        {
            stalled.Add(await AskAndReadNothingAsync(stage.Port));
        }

        await stage.UntilAsync("vibevoice_active_slots 4");
        using var fifth = await stage.SpeakAsync(Pcm);
        fifth.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await fifth.Content.ReadAsByteArrayAsync(Token)).Length.ShouldBe(6_000 * 6_400);
        await stage.UntilAsync("vibevoice_speech_requests_total{status=\"499\"} 4");
        await stage.UntilAsync("vibevoice_active_slots 0");
        stage
            .Logs.GetSnapshot()
            .Count(record => record.Message.StartsWith("A reader took too little", StringComparison.Ordinal))
            .ShouldBe(4);
        stalled.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_page_of_an_allowed_origin_may_call_and_by_default_none_may()
    {
        await using var closed = await HttpStage.StartAsync(new FakeSynthesizer());
        await using var open = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { CorsOrigins = "https://a.example, https://b.example", ApiKeys = "key" }
        );
        (await PreflightAsync(closed, "https://a.example")).ShouldBeNull();
        (await PreflightAsync(open, "https://b.example")).ShouldBe("https://b.example");
        (await PreflightAsync(open, "https://c.example")).ShouldBeNull();
    }

    private static async Task<string?> PreflightAsync(HttpStage stage, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, "/v1/audio/speech");
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        using var answer = await stage.Client.SendAsync(request, Token);
        return answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null;
    }

    private static async Task<Socket> AskAndReadNothingAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = 16 * 1024,
        };
        await socket.ConnectAsync(IPAddress.Loopback, port, Token);
        var request =
            "POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {Pcm.Length}\r\n\r\n{Pcm}";
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(request), Token);
        return socket;
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpStage stage, string path)
    {
        using var answer = await stage.Client.GetAsync(path, Token);
        return answer.StatusCode;
    }
}
