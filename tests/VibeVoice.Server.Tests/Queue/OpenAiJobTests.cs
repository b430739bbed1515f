using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RunPod.Worker.Emulator;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>OpenAI's requests as jobs, by a client of RunPod's endpoint API.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class OpenAiJobTests : IAsyncLifetime
{
    private readonly HttpClient _client = new();
    private readonly TaskCompletionSource _heard = new();
    private RunPodEmulator _runPod = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _runPod = await RunPodEmulator.StartAsync(
            new RunPodEmulatorOptions { PollHold = TimeSpan.FromMilliseconds(100) },
            NullLoggerFactory.Instance,
            Token
        );

    public async ValueTask DisposeAsync()
    {
        await _runPod.DisposeAsync();
        _client.Dispose();
    }

    [Theory]
    [InlineData("/v1/audio/speech")]
    [InlineData("/audio/speech")]
    [InlineData("v1/audio/speech/")]
    public async Task Speech_is_one_answer_with_the_file_in_base64(string route)
    {
        await using var stage = Serve(new FakeSynthesizer { TextTokens = 3 });
        var job = await RunSyncAsync(route, """{"model": "tts-1", "input": "Hello.", "voice": "alloy", "seed": 7}""");

        job.GetProperty("status").GetString().ShouldBe("COMPLETED", job.GetRawText());
        var output = job.GetProperty("output");
        output
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe(["type", "audio", "content_type", "usage", "metadata"]);
        output.GetProperty("type").GetString().ShouldBe("speech.audio");
        output.GetProperty("content_type").GetString().ShouldBe("audio/mpeg");
        output
            .GetProperty("usage")
            .GetRawText()
            .ShouldBe("""{"input_tokens":3,"output_tokens":15,"total_tokens":18}""");
        output.GetProperty("metadata").GetProperty("seed").GetInt32().ShouldBe(7);
        output.GetProperty("metadata").GetProperty("voice").GetString().ShouldBe("en-Emma_woman");
        var samples = await Listener.DecodeAsync(output.GetProperty("audio").GetBytesFromBase64());
        Listener.Measure(samples).FrequencyHz.ShouldBe(440, tolerance: 10);
    }

    [Theory]
    [InlineData(""" "stream_format": "sse" """)]
    [InlineData(""" "stream": true """)]
    public async Task A_stream_is_the_text_of_the_events_in_pieces_under_a_megabyte(string asked)
    {
        await using var stage = Serve(new FakeSynthesizer { Frames = 400, TextTokens = 3 });
        var pieces = await StreamAsync(
            "/v1/audio/speech",
            $$"""{"input": "Hello.", "response_format": "pcm", {{asked}}}"""
        );

        pieces.Count.ShouldBeGreaterThan(2);
        pieces.ShouldAllBe(piece => piece.Length < 1_000_000 && piece.EndsWith("\n\n"));
        var events = EventsOf(pieces);
        events[^1].Data.ShouldBe("[DONE]");
        events[^2]
            .Data.ShouldBe(
                """{"type":"speech.audio.done","usage":{"input_tokens":3,"output_tokens":400,"total_tokens":403}}"""
            );
        var bytes = events
            .SkipLast(2)
            .Sum(item => JsonElement.Parse(item.Data).GetProperty("audio").GetBytesFromBase64().Length);
        bytes.ShouldBe(400 * 6_400);
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/tts-1")]
    [InlineData("/v1/audio/models")]
    [InlineData("/v1/audio/voices")]
    public async Task Lists_are_those_of_the_HTTP_server(string route)
    {
        await using var stage = Serve(new FakeSynthesizer());
        await using var http = await HttpStage.StartAsync(new FakeSynthesizer());
        var expected = await http.Client.GetStringAsync(route, Token);
        var job = await RunSyncAsync(route, "null");
        JsonElement.DeepEquals(job.GetProperty("output"), JsonElement.Parse(expected)).ShouldBeTrue(job.GetRawText());
        var shorter = await RunSyncAsync(route["/v1".Length..], "{}");
        JsonElement.DeepEquals(shorter.GetProperty("output"), JsonElement.Parse(expected)).ShouldBeTrue();
    }

    [Fact]
    public async Task What_would_be_spoken_is_told_without_speaking()
    {
        await using var stage = Serve(new FakeSynthesizer());
        var job = await RunSyncAsync("/v1/audio/speech/preview-text", """{"input": "Hello."}""");
        job.GetProperty("output").GetProperty("chunks")[0].GetProperty("text").GetString().ShouldBe("Hello.");
    }

    [Theory]
    [InlineData("/v1/audio/speech", """{"input": "x", "voice": "nobody"}""", "invalid_value", "voice")]
    [InlineData("/v1/audio/speech", """{"voice": "alloy"}""", "invalid_value", "input")]
    [InlineData("/v1/audio/speech", "[]", "invalid_json", null)]
    [InlineData("/v1/audio/speech", "null", "invalid_json", null)]
    [InlineData("/v1/models/none", "{}", "model_not_found", "model")]
    [InlineData("/v1/chat/completions", "{}", "unknown_url", null)]
    public async Task An_error_is_the_jobs_as_the_text_of_OpenAIs(
        string route,
        string input,
        string code,
        string? field
    )
    {
        await using var stage = Serve(new FakeSynthesizer());
        var job = await RunSyncAsync(route, input);
        job.GetProperty("status").GetString().ShouldBe("FAILED");
        var error = JsonElement.Parse(job.GetProperty("error").GetString()!).GetProperty("error");
        error.EnumerateObject().Select(property => property.Name).ShouldBe(["message", "type", "param", "code"]);
        error.GetProperty("code").GetString().ShouldBe(code);
        error.GetProperty("param").GetString().ShouldBe(field);
        stage.LogText.ShouldNotContain("nobody");
    }

    [Fact]
    public async Task A_stream_that_breaks_ends_with_an_error_event()
    {
        var engine = new FakeSynthesizer
        {
            Frames = 400,
            BeforeFrame = async (index, _) =>
            {
                if (index == 300)
                {
                    await _heard.Task;
                    throw new SpeechFailedException("It broke.");
                }
            },
        };
        await using var stage = Serve(engine);
        var pieces = await StreamAsync(
            "/v1/audio/speech",
            """{"input": "Hello.", "response_format": "pcm", "stream_format": "sse"}""",
            "FAILED"
        );
        var events = EventsOf(pieces);
        events[^1].EventType.ShouldBe("error");
        JsonElement
            .Parse(events[^1].Data)
            .GetProperty("error")
            .GetProperty("message")
            .GetString()
            .ShouldBe("It broke.");
    }

    private QueueStage Serve(ISynthesizer synthesizer)
    {
        var stage = new QueueStage { Synthesizer = synthesizer };
        stage.Serve(_runPod.WorkerEnvironment());
        return stage;
    }

    private async Task<JsonElement> RunSyncAsync(string route, string input) =>
        await PostAsync("runsync", Job(route, input));

    private async Task<List<string>> StreamAsync(string route, string input, string ending = "COMPLETED")
    {
        var id = (await PostAsync("run", Job(route, input))).GetProperty("id").GetString();
        var pieces = new List<string>();
        while (true)
        {
            var answer = await _client.GetFromJsonAsync<JsonElement>($"{_runPod.EndpointUrl}/stream/{id}", Token);
            pieces.AddRange(
                answer.GetProperty("stream").EnumerateArray().Select(item => item.GetProperty("output").GetString()!)
            );
            if (pieces.Count > 0)
            {
                _heard.TrySetResult();
            }

            if (answer.GetProperty("status").GetString() is not ("IN_QUEUE" or "IN_PROGRESS"))
            {
                answer.GetProperty("status").GetString().ShouldBe(ending);
                return pieces;
            }
        }
    }

    private async Task<JsonElement> PostAsync(string path, string json)
    {
        using var answer = await _client.PostAsync(
            $"{_runPod.EndpointUrl}/{path}",
            new StringContent(json, System.Text.Encoding.UTF8, "application/json"),
            Token
        );
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token));
    }

    private static string Job(string route, string input) =>
        $$$"""{"input": {"openai_route": "{{{route}}}", "openai_input": {{{input}}}}}""";

    private static List<SseItem<string>> EventsOf(IEnumerable<string> pieces) =>
        [.. SseParser.Create(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(string.Concat(pieces)))).Enumerate()];
}
