using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Testing;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Soak;

namespace VibeVoice.Server.Tests.Http;

/// <summary>What requests leave behind in a server that goes on: nothing.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class LeftoverTests : CommandTest
{
    private const int Clients = 4;
    private const int Warming = 40;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private static readonly string[] _kinds =
    [
        """{"input": "Hello there.", "response_format": "pcm"}""",
        """{"input": "Hello there.", "response_format": "wav"}""",
        """{"input": "Hello there.", "response_format": "pcm", "stream_format": "sse"}""",
        """{"input": ""}""",
        """{"input": """,
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Some_hundred_requests_leave_no_process_no_handle_and_no_file() => ShouldLeaveNothingAsync(200);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Ten_thousand_requests_leave_no_process_no_handle_and_no_file() => ShouldLeaveNothingAsync(10_000);

    private async Task ShouldLeaveNothingAsync(int requests)
    {
        var port = FreePort.Find();
        var temporary = Directory.CreateDirectory(PathOf("temporary"));
        var options = Here.With("TMPDIR", temporary.FullName).With("WORKER_CONCURRENCY", "4");
        await using var serving = CommandRun.Start(CommandRun.Program, ["serve", "--port", $"{port}"], options);
        await serving.UntilAsync(() => IsReady(port), "the server to be ready");
        await SendAllAsync(port, Warming);
        await serving.UntilAsync(() => serving.Children.Count == 0, "children to end");
        var before = await SettledAsync(serving.Id);
        // The runtime's own, such as the socket of its diagnostics.
        var files = temporary.EnumerateFileSystemInfos().Select(file => file.Name).ToList();

        await SendAllAsync(port, requests);
        await serving.UntilAsync(() => serving.Children.Count == 0, "children to end");
        var after = await SettledAsync(serving.Id, before.FileHandles);
        after.FileHandles.ShouldBeLessThanOrEqualTo(before.FileHandles, Difference(before, after));
        (after.ResidentMegabytes - before.ResidentMegabytes).ShouldBeLessThan(100);
        temporary.EnumerateFileSystemInfos().Select(file => file.Name).ShouldBe(files, ignoreOrder: true);
        serving.Signal(PosixSignal.SIGTERM);
        (await serving.ExitAsync()).ExitCode.ShouldBe(0);
    }

    private static async Task SendAllAsync(int port, int requests)
    {
        using var client = HttpStage.ClientOf(port);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(one => SendAsync(client, one, requests / Clients)));
    }

    /// <summary>Every kind in turn; now and then an encoded one, and one whose client leaves.</summary>
    private static async Task SendAsync(HttpClient client, int start, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var json = i % 25 == 24 ? """{"input": "Hello there."}""" : _kinds[(start + i) % _kinds.Length];
            using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/audio/speech") { Content = body };
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            ((int)answer.StatusCode).ShouldBeOneOf(200, 400);
            if (i % 10 != 9)
            {
                await answer.Content.ReadAsByteArrayAsync(Token);
            }
        }
    }

    private static bool IsReady(int port)
    {
        using var client = HttpStage.ClientOf(port);
        try
        {
            using var answer = client.Send(new HttpRequestMessage(HttpMethod.Get, "/ping"), Token);
            return answer.StatusCode == System.Net.HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Difference(Vitals before, Vitals after)
    {
        var old = before.Handles.ToHashSet();
        return $"New: {string.Join(", ", after.Handles.Where(handle => !old.Contains(handle)))}.";
    }

    /// <summary>
    /// Connections of clients that are gone take a moment to be closed: waits until the handles stay, and, on a machine that
    /// does much else, ten seconds for no more than these.
    /// </summary>
    private static async Task<Vitals> SettledAsync(int processId, int expected = int.MaxValue)
    {
        var waited = Stopwatch.StartNew();
        var (vitals, same) = (Vitals.Of(processId), 0);
        while (same < 5 || (vitals.FileHandles > expected && waited.Elapsed < _patience))
        {
            await Task.Delay(100, Token);
            var now = Vitals.Of(processId);
            same = now.FileHandles == vitals.FileHandles ? same + 1 : 0;
            vitals = now;
        }

        return vitals;
    }
}
