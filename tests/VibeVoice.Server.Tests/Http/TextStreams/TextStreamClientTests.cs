using System.Net.WebSockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;
using Testing;
using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http.TextStreams;

/// <summary>Clients that nobody wrote for this server, and the examples of docs/text-stream.md as they stand there.</summary>
[Collection(ProcessesCollection.Name)]
public sealed partial class TextStreamClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_JavaScript_of_the_document_runs()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        var script = BlockOf("js").Replace("localhost:8000", $"localhost:{stage.Port}", StringComparison.Ordinal);
        // What Node.js 22 has by itself, and a browser.
        var result = await NodeAsync(["--experimental-websocket", "--input-type=module", "--eval", script]);
        result.ShouldBe("55 characters, 2.667 s, 64000 samples");
    }

    [Fact]
    public async Task The_CSharp_of_the_document_runs_and_is_what_stands_there()
    {
        var source = await File.ReadAllTextAsync(
            Repository.PathOf("tests", "VibeVoice.Server.Tests", "Http", "TextStreams", "TextStreamClientTests.cs"),
            Token
        );
        Squeeze(source).ShouldContain(Squeeze(BlockOf("csharp")), Case.Sensitive);
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), new HttpOptions { ApiKeys = "KEY" });
        using var samples = new MemoryStream();
        var address = new Uri($"ws://localhost:{stage.Port}/v1/audio/speech/stream");
        await SpeakAsync(address, new[] { "Hello ", "the", "re." }.ToAsyncEnumerable(), samples, Token);
        samples.Length.ShouldBe(4 * 6_400);
    }

    [Theory]
    [InlineData("key.sk-one", "", "started")]
    [InlineData("key.sk-two", "", "error")]
    [InlineData("", """ "api_key": "sk-one", """, "started")]
    [InlineData("", "", "error")]
    public async Task Wscat_gets_what_it_expects(string protocol, string field, string expected)
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { ApiKeys = "sk-one" }
        );
        string[] protocols = protocol.Length > 0 ? ["-s", "vibevoice", "-s", protocol] : [];
        var output = await NodeAsync([
            NodePackage.Find("wscat", "bin", "wscat"),
            "-c",
            $"ws://127.0.0.1:{stage.Port}/v1/audio/speech/stream",
            "-w",
            "1",
            "-x",
            $$"""{"type": "start", {{field}} "voice": "nova"}""",
            .. protocols,
        ]);
        JsonElement.Parse(output.Split('\n')[0]).GetProperty("type").GetString().ShouldBe(expected, output);
    }

    /// <summary>The example: what it says is in the document.</summary>
    private static async Task SpeakAsync(
        Uri address,
        IAsyncEnumerable<string> model,
        Stream samples,
        CancellationToken cancellationToken
    )
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer KEY"); // where the server needs one
        await socket.ConnectAsync(address, cancellationToken); // ws://localhost:8000/v1/audio/speech/stream
        var listening = ListenAsync();
        await SendAsync(new { type = "start", voice = "nova" });
        await foreach (var delta in model)
        {
            await SendAsync(new { type = "text", delta });
        }

        await SendAsync(new { type = "done" });
        await listening;

        Task SendAsync(object message) =>
            socket.SendAsync(
                JsonSerializer.SerializeToUtf8Bytes(message),
                WebSocketMessageType.Text,
                endOfMessage: true,
                cancellationToken
            );

        async Task ListenAsync()
        {
            var buffer = new byte[64 * 1024];
            var json = new List<byte>();
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                var bytes = buffer.AsMemory(0, received.Count);
                switch (received.MessageType)
                {
                    case WebSocketMessageType.Close:
                        return;
                    case WebSocketMessageType.Binary:
                        await samples.WriteAsync(bytes, cancellationToken); // 16 bits, mono, 24 kHz: play them
                        break;
                    default:
                        json.AddRange(bytes.Span);
                        if (received.EndOfMessage && IsEnd(json.ToArray()))
                        {
                            return;
                        }

                        break;
                }

                if (received.EndOfMessage)
                {
                    json.Clear();
                }
            }
        }

        static bool IsEnd(byte[] json)
        {
            var message = JsonElement.Parse(json);
            return message.GetProperty("type").GetString() switch
            {
                "done" => true,
                "error" => throw new IOException(message.GetProperty("error").GetProperty("message").GetString()),
                _ => false,
            };
        }
    }

    private static string BlockOf(string language)
    {
        var document = File.ReadAllText(Repository.PathOf("docs", "text-stream.md"));
        return Block()
            .Matches(document)
            .Single(match => match.Groups["language"].Value == language)
            .Groups["code"]
            .Value;
    }

    private static string Squeeze(string code) => Space().Replace(code, "");

    private static async Task<string> NodeAsync(IEnumerable<string> arguments)
    {
        var result = await Cli.Wrap(RequiredTool.Find("node"))
            .WithArguments(arguments)
            // wscat ends where nothing more can be typed.
            .WithStandardInputPipe(PipeSource.Create((_, token) => Task.Delay(Timeout.Infinite, token)))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token);
        result.ExitCode.ShouldBe(0, result.StandardError);
        return result.StandardOutput.Trim();
    }

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Block();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Space();
}
