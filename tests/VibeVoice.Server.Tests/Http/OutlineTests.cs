using System.Net;
using System.Text.Json;
using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;
using VibeVoice.Server.Tests.Speech.Model;

namespace VibeVoice.Server.Tests.Http;

/// <summary><c>POST /v1/audio/speech/preview-text</c>: what would be spoken, and in which chunks.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class OutlineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_chunks_are_those_that_the_model_would_speak()
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();
        await using var stage = await HttpStage.StartAsync(synthesizer);
        using var answer = await AskAsync(
            stage,
            """{"input": "[pause:1s]“Hello” there. [pause:250ms] And there is more, much more to say. Then it ends.", "speed": 2}"""
        );

        var outline = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, outline.GetRawText());
        outline
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe(["engine", "voice", "silence_seconds", "chunks", "tokens", "estimated_seconds", "warnings"]);
        outline.GetProperty("silence_seconds").GetDouble().ShouldBe(1);
        var chunks = outline.GetProperty("chunks").EnumerateArray().ToList();
        chunks[0].GetProperty("text").GetString().ShouldBe("\"Hello\" there.");
        chunks[0].GetProperty("end").GetString().ShouldBe("pause");
        chunks[0].GetProperty("silence_seconds").GetDouble().ShouldBe(0.25);
        chunks[^1].GetProperty("end").GetString().ShouldBe("text_end");
        chunks.Sum(chunk => chunk.GetProperty("tokens").GetInt32()).ShouldBe(outline.GetProperty("tokens").GetInt32());
        outline.GetProperty("estimated_seconds").GetDouble().ShouldBeGreaterThan(1.25);
    }

    [Fact]
    public async Task It_takes_no_slot_and_waits_for_none()
    {
        var go = new TaskCompletionSource();
        var engine = new FakeSynthesizer { Frames = 1, BeforeFrame = (_, _) => go.Task };
        await using var stage = await HttpStage.StartAsync(engine, new HttpOptions { QueueLength = 0 }, slots: 1);
        var speaking = stage.SpeakAsync("""{"input": "x"}""");
        await stage.UntilAsync("vibevoice_active_slots 1");
        using var answer = await AskAsync(stage, """{"input": "Hello."}""");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        go.SetResult();
        (await speaking).Dispose();
    }

    [Fact]
    public async Task What_cannot_be_spoken_is_refused_as_a_request_for_speech_is()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), new HttpOptions { ApiKeys = "key" });
        using var noKey = await AskAsync(stage, """{"input": "x"}""");
        await HttpStage.ErrorOfAsync(noKey, 401);
        stage.Client.DefaultRequestHeaders.Add("X-API-Key", "key");
        using var wrong = await AskAsync(stage, """{"input": " ", "voice": "nobody"}""");
        (await HttpStage.ErrorOfAsync(wrong, 400)).GetProperty("param").GetString().ShouldBe("input");
        using var noJson = await AskAsync(stage, "{");
        (await HttpStage.ErrorOfAsync(noJson, 400)).GetProperty("code").GetString().ShouldBe("invalid_json");
        var document = JsonElement.Parse(await stage.Client.GetStringAsync("/openapi.json", Token));
        document
            .GetProperty("paths")
            .GetProperty("/v1/audio/speech/preview-text")
            .GetProperty("post")
            .GetProperty("responses")
            .EnumerateObject()
            .Select(response => response.Name)
            .ShouldBe(["200", "400", "401", "404", "413", "415", "500", "503"]);

        await using var loading = await HttpStage.StartAsync(new FakeSynthesizer(), isReady: false);
        using var early = await AskAsync(loading, """{"input": "x"}""");
        (await HttpStage.ErrorOfAsync(early, 503)).GetProperty("code").GetString().ShouldBe("loading");
    }

    private static Task<HttpResponseMessage> AskAsync(HttpStage stage, string json) =>
        stage.Client.PostAsync(
            "/v1/audio/speech/preview-text",
            new StringContent(json, System.Text.Encoding.UTF8, "application/json"),
            Token
        );
}
