using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Testing;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Encoding;

namespace VibeVoice.Server.Tests.Http;

/// <summary><c>vibevoice serve</c> as a process, with the preview voice.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class ServeCommandTests : CommandTest
{
    private readonly int _port = FreePort.Find();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_listens_speaks_and_on_SIGTERM_ends_what_it_began()
    {
        await using var serving = Serve();
        using var client = await ReadyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/audio/speech")
        {
            Content = new StringContent(
                """{"input": "The first sentence. [pause:2s] The second sentence.", "response_format": "mp3", "voice": "onyx"}""",
                System.Text.Encoding.UTF8,
                "application/json"
            ),
        };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        answer.Headers.GetValues("X-VibeVoice-Engine").ShouldBe(["preview"]);

        serving.Signal(PosixSignal.SIGTERM);
        var file = await answer.Content.ReadAsByteArrayAsync(Token);
        (await Listener.DecodeAsync(file)).Length.ShouldBeGreaterThan(3 * 24_000);
        var result = await serving.ExitAsync();
        (result.ExitCode, result.Errors).ShouldBe((0, ""));
        result.Text.ShouldContain("Ready to speak: engine preview");
        result.Text.ShouldNotContain("sentence");
        serving.Children.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_with_what_to_do()
    {
        using var holder = new TcpListener(IPAddress.Any, _port);
        holder.Start();
        var result = await RunAsync("serve", "--port", $"{_port}");
        (result.ExitCode, result.Text).ShouldBe((2, ""));
        result.Errors.ShouldStartWith($"vibevoice: Port {_port} cannot be listened on: ");
        result.Errors.ShouldContain("Set PORT to one that is free");
    }

    [Fact]
    public async Task What_cannot_speak_ends_with_a_sentence()
    {
        var result = await CommandRun.VibeVoiceAsync(
            Here.With("ESPEAK_PATH", PathOf("none")).With("PORT", $"{_port}"),
            "serve"
        );
        result.ExitCode.ShouldBe(1, result.Text);
        result.Errors.ShouldContain("ESPEAK_PATH");
    }

    private CommandRun Serve() => CommandRun.Start(CommandRun.Program, ["serve", "--port", $"{_port}"], Here);

    private async Task<HttpClient> ReadyAsync()
    {
        var client = HttpStage.ClientOf(_port);
        var seen = new List<HttpStatusCode>();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await PingAsync(client, seen))
        {
            await Task.Delay(20, patience.Token);
        }

        seen.ShouldBeSubsetOf([HttpStatusCode.NoContent, HttpStatusCode.OK]);
        return client;
    }

    private static async Task<bool> PingAsync(HttpClient client, List<HttpStatusCode> seen)
    {
        try
        {
            using var answer = await client.GetAsync("/ping", Token);
            seen.Add(answer.StatusCode);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
