using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;
using Testing;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Http.Jobs;

/// <summary>Workers as processes on one volume, with the preview voice.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class KilledWorkerTests : CommandTest
{
    private const int Sentences = 24;

    private static readonly string _text = string.Concat(
        Enumerable
            .Range(1, Sentences)
            .Select(number => $"This is sentence number {number} of a text that is rather long. ")
    );

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_killed_worker_has_kept_is_not_spoken_again()
    {
        var body = JsonSerializer.Serialize(new { input = _text, response_format = "wav" });
        // The fourth piece of the first worker does not come to its end; a part is kept once the next one is heard.
        var stuck = Script(
            "stuck-espeak",
            $"echo x >> {PathOf("first.log")}\n[ $(wc -l < {PathOf("first.log")}) -ge 5 ] && exec sleep 600\nexec espeak-ng \"$@\""
        );
        var port = FreePort.Find();
        await using var first = Serve(port, stuck);
        using var client = await ReadyAsync(port);
        var id = await client.BeginAsync(body);
        await client.UntilAsync(id, job => job.PartsDone() == 2);
        await first.KillAllAsync();

        var counting = Script("counting-espeak", $"echo x >> {PathOf("second.log")}\nexec espeak-ng \"$@\"");
        var nextPort = FreePort.Find();
        await using var second = Serve(nextPort, counting);
        using var next = await ReadyAsync(nextPort);
        var job = await next.UntilDoneAsync(id);
        job.Status().ShouldBe("done", $"{job}");
        var parts = job.PartsDone();
        parts.ShouldBeGreaterThan(4);
        // One more than pieces: the version is asked for at the start.
        (await File.ReadAllLinesAsync(PathOf("second.log"), Token)).Length.ShouldBe(parts - 2 + 1);
        job.GetProperty("metadata").GetProperty("engine").GetString().ShouldBe("preview");

        var audio = await next.AudioAsync(id);
        using var whole = await next.PostAsync(
            "/v1/audio/speech",
            new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
            Token
        );
        var streamed = await whole.Content.ReadAsByteArrayAsync(Token);
        // A file has its sizes and a tag at its end; what is heard is the same.
        audio.AsSpan(44, streamed.Length - 44).SequenceEqual(streamed.AsSpan(44)).ShouldBeTrue();
        second.Signal(PosixSignal.SIGTERM);
        var result = await second.ExitAsync();
        result.ExitCode.ShouldBe(0, result.Text);
        result.Text.ShouldNotContain("sentence number");
    }

    private CommandRun Serve(int port, string espeak)
    {
        var options = Here.With("VIBEVOICE_WORKSPACE", PathOf("volume")).With("ESPEAK_PATH", espeak);
        var portText = port.ToString(CultureInfo.InvariantCulture);
        return CommandRun.Start(CommandRun.Program, ["serve", "--port", portText], options);
    }

    private static async Task<HttpClient> ReadyAsync(int port)
    {
        var client = HttpStage.ClientOf(port);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync("/ping", patience.Token);
                if (answer.StatusCode == System.Net.HttpStatusCode.OK)
                {
                    return client;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(20, patience.Token);
        }
    }
}
