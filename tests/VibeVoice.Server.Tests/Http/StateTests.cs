using System.Net;
using System.Text.Json;
using Testing;
using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>What a load balancer is told, and the lists that clients read.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class StateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ping_is_204_while_loading_200_when_ready_and_503_while_what_runs_ends()
    {
        var (begun, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var engine = new FakeSynthesizer
        {
            Frames = 2,
            BeforeFrame = (_, _) =>
            {
                begun.TrySetResult();
                return go.Task;
            },
        };
        await using var stage = await HttpStage.StartAsync(engine, isReady: false);
        const string body = """{"input": "x", "response_format": "pcm"}""";
        (await PingAsync(stage)).ShouldBe(HttpStatusCode.NoContent);
        using (var early = await stage.SpeakAsync(body))
        {
            (await HttpStage.ErrorOfAsync(early, 503)).GetProperty("code").GetString().ShouldBe("loading");
            early.Headers.RetryAfter.ShouldNotBeNull();
        }

        stage.Server.State.BecomeReady();
        (await PingAsync(stage)).ShouldBe(HttpStatusCode.OK);
        var running = stage.SpeakAsync(body);
        await begun.Task;
        var stopping = stage.Server.StopAsync();
        (await PingAsync(stage)).ShouldBe(HttpStatusCode.ServiceUnavailable);
        using (var late = await stage.SpeakAsync(body))
        {
            (await HttpStage.ErrorOfAsync(late, 503)).GetProperty("code").GetString().ShouldBe("draining");
        }

        go.SetResult();
        using var answer = await running;
        (await answer.Content.ReadAsByteArrayAsync(Token)).Length.ShouldBe(2 * 6_400);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task What_does_not_end_in_time_is_cut()
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
        await using var stage = await HttpStage.StartAsync(engine, new HttpOptions { DrainSeconds = 0 });
        var running = stage.SpeakAsync("""{"input": "x"}""");
        await begun.Task;
        await stage.Server.StopAsync().WaitAsync(TimeSpan.FromSeconds(10), Token);
        using var answer = await running;
        (await HttpStage.ErrorOfAsync(answer, 503)).GetProperty("code").GetString().ShouldBe("draining");
    }

    [Fact]
    public async Task A_health_port_answers_for_health_alone()
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { PortHealth = FreePort.Find() }
        );
        using var health = HttpStage.ClientOf(stage.PortOf(1));
        (await health.GetAsync("/ping", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await health.GetAsync("/v1/models", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stage.Client.GetAsync("/v1/models", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_lists_have_what_openai_and_openwebui_read()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        var models = await JsonAsync(stage, "/v1/models");
        models.GetProperty("object").GetString().ShouldBe("list");
        var ids = models.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());
        ids.ShouldBe(["tone", "tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"]);
        (await JsonAsync(stage, "/v1/audio/models")).GetRawText().ShouldBe(models.GetRawText());
        (await JsonAsync(stage, "/v1/models/tts-1")).GetProperty("object").GetString().ShouldBe("model");

        var voices = (await JsonAsync(stage, "/v1/audio/voices")).GetProperty("voices").EnumerateArray().ToList();
        voices.Count.ShouldBe(25 + 13);
        var nova = voices.Single(voice => voice.GetProperty("id").GetString() == "nova");
        nova.GetProperty("alias_of").GetString().ShouldBe("en-Emma_woman");
        nova.GetProperty("language").GetString().ShouldBe("en-US");
        nova.GetProperty("gender").GetString().ShouldBe("woman");
        nova.GetProperty("engine").GetString().ShouldBe("fake");
    }

    private static async Task<HttpStatusCode> PingAsync(HttpStage stage)
    {
        using var answer = await stage.Client.GetAsync("/ping", Token);
        return answer.StatusCode;
    }

    private static async Task<JsonElement> JsonAsync(HttpStage stage, string path) =>
        JsonElement.Parse(await stage.Client.GetStringAsync(path, Token));
}
