using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>Every error of docs/http.md that one request can provoke; the rest are in the tests of what they are about.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class ErrorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", 400, "invalid_json", null)]
    [InlineData("{\"input\": \"x\"", 400, "invalid_json", null)]
    [InlineData("[1]", 400, "invalid_json", null)]
    [InlineData("{}", 400, "invalid_value", "input")]
    [InlineData("{\"input\": \"\"}", 400, "invalid_value", "input")]
    [InlineData("{\"input\": 7}", 400, "invalid_value", "input")]
    [InlineData("{\"input\": \"\\ud800\"}", 400, "invalid_value", "input")]
    [InlineData("{\"input\": \"x\", \"model\": 1}", 400, "invalid_value", "model")]
    [InlineData("{\"input\": \"x\", \"voice\": \"nobody\"}", 400, "invalid_value", "voice")]
    [InlineData("{\"input\": \"x\", \"voice\": {\"id\": 3}}", 400, "invalid_value", "voice.id")]
    [InlineData("{\"input\": \"x\", \"response_format\": \"tape\"}", 400, "invalid_value", "response_format")]
    [InlineData("{\"input\": \"x\", \"stream_format\": \"morse\"}", 400, "invalid_value", "stream_format")]
    [InlineData("{\"input\": \"x\", \"speed\": 4.1}", 400, "invalid_value", "speed")]
    [InlineData("{\"input\": \"x\", \"speed\": \"fast\"}", 400, "invalid_value", "speed")]
    [InlineData("{\"input\": \"x\", \"seed\": 1.5}", 400, "invalid_value", "seed")]
    [InlineData("{\"input\": \"x\", \"cfg_scale\": 0}", 400, "invalid_value", "cfg_scale")]
    [InlineData("{\"input\": \"x\", \"steps\": 51}", 400, "invalid_value", "steps")]
    [InlineData("{\"input\": \"x\", \"instructions\": []}", 400, "invalid_value", "instructions")]
    public async Task A_body_that_is_wrong_is_told_with_its_field(string body, int status, string code, string? param)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var answer = await stage.SpeakAsync(body);
        var error = await HttpStage.ErrorOfAsync(answer, status);
        error.GetProperty("code").GetString().ShouldBe(code);
        error.GetProperty("param").GetString().ShouldBe(param);
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
        answer.Headers.GetValues("x-request-id").ShouldHaveSingleItem().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_at_once()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var answer = await stage.SpeakAsync("""{"speed": 9, "steps": 0}""");
        var message = (await HttpStage.ErrorOfAsync(answer, 400)).GetProperty("message").GetString()!;
        message.ShouldContain("'input' is missing");
        message.ShouldContain("'speed' is 9, but must be a number from 0.25 to 4.");
        message.ShouldContain("'steps' is 0");
    }

    [Fact]
    public async Task Too_much_text_and_too_large_a_body_are_413()
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { MaxBodyBytes = 30_000 }
        );
        using var text = await stage.SpeakAsync($$"""{"input": "{{new string('a', 20_001)}}"}""");
        var tooLong = await HttpStage.ErrorOfAsync(text, 413);
        tooLong.GetProperty("code").GetString().ShouldBe("string_above_max_length");
        tooLong.GetProperty("param").GetString().ShouldBe("input");
        using var body = await stage.SpeakAsync($$"""{"input": "{{new string('a', 40_000)}}"}""");
        var tooLarge = await HttpStage.ErrorOfAsync(body, 413);
        tooLarge.GetProperty("code").GetString().ShouldBe("body_too_large");
        tooLarge.GetProperty("message").GetString()!.ShouldContain("30,000 bytes");
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task Another_kind_of_body_is_415(string? contentType)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        using var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes("""{"input": "x"}"""));
        content.Headers.ContentType = contentType is null ? null : new(contentType);
        using var answer = await stage.Client.PostAsync("/v1/audio/speech", content, Token);
        (await HttpStage.ErrorOfAsync(answer, 415)).GetProperty("code").GetString().ShouldBe("unsupported_media_type");
    }

    [Fact]
    public async Task What_is_not_here_is_404_and_another_method_405()
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { AcceptAnyModel = false }
        );
        using var route = await stage.Client.GetAsync("/v1/chat", Token);
        (await HttpStage.ErrorOfAsync(route, 404)).GetProperty("code").GetString().ShouldBe("unknown_url");
        using var method = await stage.Client.GetAsync("/v1/audio/speech", Token);
        (await HttpStage.ErrorOfAsync(method, 405)).GetProperty("code").GetString().ShouldBe("method_not_allowed");
        using var model = await stage.Client.GetAsync("/v1/models/gpt-4", Token);
        (await HttpStage.ErrorOfAsync(model, 404)).GetProperty("code").GetString().ShouldBe("model_not_found");
        using var spoken = await stage.SpeakAsync("""{"input": "x", "model": "gpt-4"}""");
        (await HttpStage.ErrorOfAsync(spoken, 404)).GetProperty("param").GetString().ShouldBe("model");
        using var known = await stage.SpeakAsync("""{"input": "x", "model": "tts-1"}""");
        known.IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_ended_and_told()
    {
        var engine = new FakeSynthesizer { BeforeFrame = (_, token) => Task.Delay(Timeout.Infinite, token) };
        await using var stage = await HttpStage.StartAsync(engine, new HttpOptions { RequestSeconds = 1 });
        using var answer = await stage.SpeakAsync("""{"input": "x"}""");
        (await HttpStage.ErrorOfAsync(answer, 503)).GetProperty("code").GetString().ShouldBe("timeout");
    }
}
