using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using CliWrap;
using CliWrap.Buffered;
using OpenAI;
using OpenAI.Audio;
using Testing;
using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>Clients that nobody wrote for this server, unchanged.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class ClientTests
{
    private const int PcmBytes = 15 * 6_400;

    private static readonly HttpOptions _options = new() { ApiKeys = "sk-test" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("plain", """{"bytes":96000,"type":"audio/pcm"}""")]
    [InlineData("sse", """{"bytes":96000,"usage":{"input_tokens":4,"output_tokens":15,"total_tokens":19}}""")]
    [InlineData(
        "refused",
        """{"kind":"BadRequestError","status":400,"code":"invalid_value","param":"voice","hasId":true}"""
    )]
    [InlineData(
        "models",
        """{"models":["tone","tts-1","tts-1-hd","gpt-4o-mini-tts","gpt-4o-mini-tts-2025-12-15"],"one":"tts-1"}"""
    )]
    public async Task The_npm_client_gets_what_it_expects(string mode, string expected)
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer { TextTokens = 4 }, _options);
        (await NodeAsync(stage, mode)).ShouldBe(expected);
    }

    [Fact]
    public async Task The_npm_client_reads_the_body_piece_by_piece()
    {
        var engine = new FakeSynthesizer { BeforeFrame = (_, token) => Task.Delay(20, token) };
        await using var stage = await HttpStage.StartAsync(engine, _options);
        var answer = JsonElement.Parse(await NodeAsync(stage, "stream"));
        answer.GetProperty("bytes").GetInt32().ShouldBe(PcmBytes);
        answer.GetProperty("pieces").GetInt32().ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task The_NET_client_gets_the_whole_and_the_stream()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), _options);
        var client = ClientOf(stage, "sk-test");
        var options = new SpeechGenerationOptions { ResponseFormat = GeneratedSpeechFormat.Pcm, SpeedRatio = 1 };

        BinaryData whole = await client.GenerateSpeechAsync("Hello.", GeneratedSpeechVoice.Nova, options, Token);
        whole.ToArray().Length.ShouldBe(PcmBytes);

#pragma warning disable OPENAI001 // Experimental there.
        var streamed = 0;
        var ended = false;
        var updates = await client.GenerateSpeechStreamingAsync("Hello.", GeneratedSpeechVoice.Nova, options, Token);
        await foreach (var update in updates)
        {
            streamed += (update as StreamingSpeechAudioDeltaUpdate)?.AudioBytes.ToArray().Length ?? 0;
            ended |= update is StreamingSpeechAudioDoneUpdate { Usage.OutputTokenCount: 15 };
        }
#pragma warning restore OPENAI001

        (streamed, ended).ShouldBe((PcmBytes, true));

        var refusal = await Should.ThrowAsync<ClientResultException>(() =>
            ClientOf(stage, "sk-other").GenerateSpeechAsync("Hello.", GeneratedSpeechVoice.Nova, options, Token)
        );
        refusal.Status.ShouldBe(401);
        refusal.Message.ShouldContain("invalid_api_key");
    }

    [Fact]
    public async Task Curl_writes_a_file_and_fails_where_the_stream_breaks()
    {
        var isBroken = false;
        var engine = new FakeSynthesizer
        {
            BeforeFrame = async (index, token) =>
            {
                if (isBroken && index == 10)
                {
                    await Task.Delay(200, token);
                    throw new VibeVoice.Server.Speech.SpeechFailedException("It broke.");
                }
            },
        };
        await using var stage = await HttpStage.StartAsync(engine, _options);
        var whole = await CurlAsync(stage);
        (whole.ExitCode, whole.StandardOutput.Length).ShouldBe((0, PcmBytes));
        isBroken = true;
        (await CurlAsync(stage)).ExitCode.ShouldNotBe(0);
    }

    private static AudioClient ClientOf(HttpStage stage, string key) =>
        new(
            "gpt-4o-mini-tts",
            new ApiKeyCredential(key),
            new OpenAIClientOptions
            {
                Endpoint = new Uri($"http://127.0.0.1:{stage.Port}/v1"),
                RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            }
        );

    private static async Task<BufferedCommandResult> CurlAsync(HttpStage stage) =>
        await Cli.Wrap(RequiredTool.Find("curl"))
            .WithArguments([
                "-sN",
                $"http://127.0.0.1:{stage.Port}/v1/audio/speech",
                "-H",
                "Authorization: Bearer sk-test",
                "-H",
                "Content-Type: application/json",
                "-d",
                """{"model": "tts-1", "input": "Hello.", "voice": "alloy", "response_format": "pcm"}""",
            ])
            .WithValidation(CommandResultValidation.None)
            // A byte a character, so that bytes can be counted.
            .ExecuteBufferedAsync(System.Text.Encoding.Latin1, Token);

    private static async Task<string> NodeAsync(HttpStage stage, string mode)
    {
        NodePackage.Find("openai");
        var result = await Cli.Wrap(RequiredTool.Find("node"))
            .WithArguments([
                Repository.PathOf("tests", "tools", "openai-speech.mjs"),
                $"http://127.0.0.1:{stage.Port}/v1",
                "sk-test",
                mode,
            ])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token);
        result.ExitCode.ShouldBe(0, result.StandardError);
        return result.StandardOutput.Trim();
    }
}
