using System.Text.Json;
using VibeVoice.Server.Tests.Speech.Model;

namespace VibeVoice.Server.Tests.Http;

/// <summary>Requests for speech with the real engine, on a small checkpoint.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class ModelSpeechTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Usage_is_the_tokens_of_the_prepared_text_and_the_frames_that_are_heard()
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();
        await using var stage = await HttpStage.StartAsync(synthesizer);
        const string fields = "\"input\": \"Hello there, and again.\", \"seed\": 7, \"response_format\": \"pcm\"";
        using var preview = await stage.Client.PostAsync(
            "/v1/audio/speech/preview-text",
            new StringContent($"{{{fields}}}", System.Text.Encoding.UTF8, "application/json"),
            Token
        );
        var outline = JsonElement.Parse(await preview.Content.ReadAsStringAsync(Token));
        using var answer = await stage.SpeakAsync($"{{{fields}, \"stream_format\": \"sse\"}}");
        var events = (await answer.Content.ReadAsStringAsync(Token))
            .Split('\n')
            .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
            .Select(line => JsonElement.Parse(line["data: ".Length..]))
            .ToList();

        var usage = events[^1].GetProperty("usage");
        var samples = events.SkipLast(1).Sum(part => part.GetProperty("audio").GetBytesFromBase64().Length) / 2;
        var frame = samples / usage.GetProperty("output_tokens").GetInt32();
        usage.GetProperty("input_tokens").GetInt32().ShouldBe(outline.GetProperty("tokens").GetInt32());
        (frame * usage.GetProperty("output_tokens").GetInt32()).ShouldBe(samples);
        usage
            .GetProperty("total_tokens")
            .GetInt32()
            .ShouldBe(usage.GetProperty("input_tokens").GetInt32() + usage.GetProperty("output_tokens").GetInt32());
    }
}
