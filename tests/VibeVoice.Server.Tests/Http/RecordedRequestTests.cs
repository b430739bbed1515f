using System.Net;
using System.Text.Json;
using Testing;
using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>Requests as clients that cannot be installed here send them: recorded, or by the table of what they send.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class RecordedRequestTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Recorded =>
        [
            .. JsonElement
                .Parse(File.ReadAllText(Repository.PathOf("tests/VibeVoice.Server.Tests/Http/recorded-requests.json")))
                .EnumerateArray()
                .Select(request => ($"{request.GetProperty("request")}", request.GetRawText())),
        ];

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task The_Python_client_is_answered_as_by_OpenAI(string request, string recorded)
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { ApiKeys = "sk-test" }
        );
        var json = JsonElement.Parse(recorded);
        var body = json.GetProperty("body").GetString()!;
        using var message = new HttpRequestMessage(new HttpMethod(request.Split(' ')[0]), request.Split(' ')[1]);
        message.Content = body.Length > 0 ? new StringContent(body) : null;
        message.Content?.Headers.Remove("Content-Type");
        foreach (var header in json.GetProperty("headers").EnumerateObject())
        {
            var value = header.Value.GetString();
            if (!message.Headers.TryAddWithoutValidation(header.Name, value))
            {
                message.Content!.Headers.TryAddWithoutValidation(header.Name, value).ShouldBeTrue();
            }
        }

        using var answer = await stage.Client.SendAsync(message, Token);

        var bytes = await answer.Content.ReadAsByteArrayAsync(Token);
        if (body.Contains("voice_1", StringComparison.Ordinal))
        {
            // A voice of an account with OpenAI; there is none of that name here.
            (await HttpStage.ErrorOfAsync(answer, 400))
                .GetProperty("param")
                .GetString()
                .ShouldBe("voice");
            return;
        }

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        bytes.Length.ShouldBeGreaterThan(body.Length > 0 ? 10_000 : 100);
    }

    [Theory]
    [InlineData("""{"model":"tts-1","input":"Hello.","voice":"alloy"}""", "audio/mpeg")] // OpenWebUI, SillyTavern, AnythingLLM
    [InlineData(
        """{"model":"gpt-4o-mini-tts","input":"Hello.","voice":"ash","response_format":"mp3","stream_format":"sse","instructions":""}""",
        "text/event-stream"
    )] // LiveKit
    [InlineData("""{"model":"tts-1","input":"Hello.","voice":"shimmer","response_format":"mp3"}""", "audio/mpeg")] // LiveKit
    [InlineData(
        """{"model":"tts-1","input":"Hello.","voice":"nova","response_format":"opus","speed":1.1,"chime":"x"}""",
        "audio/ogg"
    )] // Home Assistant, with a field that its user added
    [InlineData("""{"model":"tts-1","input":"Hello.","voice":"alloy","response_format":"wav"}""", "audio/wav")] // wyoming_openai
    [InlineData(
        """{"model":"kokoro","input":"Hello.","voice":"fable","response_format":"mp3","speed":1}""",
        "audio/mpeg"
    )] // SillyTavern
    public async Task What_other_programs_send_is_spoken(string body, string contentType)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var answer = await stage.SpeakAsync(body);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.ToString().ShouldBe(contentType);
        (await answer.Content.ReadAsByteArrayAsync(Token)).Length.ShouldBeGreaterThan(5_000);
    }

    [Fact]
    public async Task OpenWebUI_reads_its_lists_without_a_key()
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { ApiKeys = "key", OpenLists = true }
        );
        foreach (var (path, list) in new[] { ("/v1/audio/voices", "voices"), ("/v1/audio/models", "models") })
        {
            var answer = JsonElement.Parse(await stage.Client.GetStringAsync(path, Token));
            answer.GetProperty(list)[0].GetProperty("id").GetString().ShouldNotBeNullOrEmpty();
        }
    }
}
