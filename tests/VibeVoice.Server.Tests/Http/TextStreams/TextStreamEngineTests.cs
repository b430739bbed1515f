using VibeVoice.Server.Tests.Speech.Model;

namespace VibeVoice.Server.Tests.Http.TextStreams;

/// <summary>Text streams with the real engine, on a small checkpoint.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class TextStreamEngineTests
{
    private const string Text = "“Hello” there, you. And more of it: much more, and then it ends.";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_model_speaks_while_text_arrives_and_the_whole_is_what_one_request_gives()
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();
        await using var stage = await HttpStage.StartAsync(synthesizer);
        using var client = await TextStreamClient.StartAsync(stage.Port, """{"type": "start", "seed": 7}""");
        var pieces = Text.Chunk(3).Select(piece => new string(piece)).ToList();
        foreach (var piece in pieces[..8])
        {
            await client.SendTextAsync(piece);
        }

        var first = await client.ReceiveUntilAsync("binary");
        foreach (var piece in pieces[8..])
        {
            await client.SendTextAsync(piece);
        }

        await client.SendAsync("""{"type": "done"}""");
        var rest = await client.ReceiveUntilAsync("done");

        TextStreamClient.Audio([.. first, .. rest]).ShouldBe(await PostAsync(stage, Text));
        rest[^1].Body.GetProperty("usage").GetProperty("input_tokens").GetInt32().ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task Each_stretch_between_flushes_is_a_text_of_its_own()
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();
        await using var stage = await HttpStage.StartAsync(synthesizer);
        using var client = await TextStreamClient.StartAsync(stage.Port, """{"type": "start", "seed": 7}""");
        await client.SendTextAsync("Hi");
        await client.SendAsync("""{"type": "flush"}""");
        var first = await client.ReceiveUntilAsync("binary"); // of fewer tokens than the model waits for
        await client.SendTextAsync(" And again.");
        await client.SendAsync("""{"type": "done"}""");
        var rest = await client.ReceiveUntilAsync("done");
        byte[] stretches = [.. await PostAsync(stage, "Hi"), .. await PostAsync(stage, "And again.")];
        TextStreamClient.Audio([.. first, .. rest]).ShouldBe(stretches);
    }

    [Fact]
    public async Task A_pause_that_is_too_long_is_the_clients_mistake()
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();
        await using var stage = await HttpStage.StartAsync(synthesizer);
        using var client = await TextStreamClient.StartAsync(stage.Port);
        await client.SendTextAsync("Hello there [pause:90s] ");
        await client.SendAsync("""{"type": "done"}""");
        (await client.ErrorAsync()).ShouldBe("invalid_value");
    }

    private static async Task<byte[]> PostAsync(HttpStage stage, string text)
    {
        using var answer = await stage.SpeakAsync($$"""{"input": "{{text}}", "seed": 7, "response_format": "pcm"}""");
        return await answer.Content.ReadAsByteArrayAsync(Token);
    }
}
