using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>
/// The recorded requests of the official Python client, sent byte for byte. Only the id is another where it has to be: the
/// server of the recording named every job job-1.
/// </summary>
public sealed class PythonClientTests
{
    [Fact]
    public async Task Every_recorded_request_is_answered_as_the_client_needs_it()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(5) });
        await using var worker = RunningWorker.Start(
            stage,
            async (job, token) =>
            {
                // The asynchronous job is the one that is cancelled.
                await Task.Delay(
                    job.Id.StartsWith("sync-", StringComparison.Ordinal) ? TimeSpan.Zero : Timeout.InfiniteTimeSpan,
                    token
                );
                return RunningWorker.Json(job.Input.GetProperty("text").GetRawText());
            }
        );
        var recorded = await RecordedAsync();
        recorded.GetArrayLength().ShouldBe(7);
        var id = "";
        foreach (var request in recorded.EnumerateArray())
        {
            var line = request.GetProperty("request").GetString()!.Replace("job-1", id, StringComparison.Ordinal);
            var (status, answer) = await SendAsync(stage, line, request);
            status.ShouldBe("HTTP/1.1 200 OK", line);
            switch (line.Split('/')[3])
            {
                case "health":
                    answer.GetProperty("workers").GetProperty("idle").ValueKind.ShouldBe(JsonValueKind.Number);
                    break;
                case "run":
                    answer.GetProperty("status").GetString().ShouldBe("IN_QUEUE");
                    id = answer.GetProperty("id").GetString()!;
                    break;
                case "status":
                    answer.GetProperty("id").GetString().ShouldBe(id);
                    break;
                case "stream":
                    answer.GetProperty("stream").ValueKind.ShouldBe(JsonValueKind.Array);
                    break;
                case "cancel":
                    answer.GetProperty("status").GetString().ShouldBe("CANCELLED");
                    break;
                case "runsync":
                    answer.GetProperty("status").GetString().ShouldBe("COMPLETED");
                    answer.GetProperty("output").GetString().ShouldBe("Hello.");
                    break;
                case "purge-queue":
                    answer.GetProperty("removed").GetInt32().ShouldBe(0);
                    break;
                default:
                    Assert.Fail($"'{line}' was not expected.");
                    break;
            }
        }
    }

    [Fact]
    public async Task A_recorded_request_for_an_unknown_job_is_answered_with_404()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var recorded = await RecordedAsync();
        foreach (var request in recorded.EnumerateArray())
        {
            var line = request.GetProperty("request").GetString()!;
            if (line.Contains("job-1", StringComparison.Ordinal))
            {
                (await SendAsync(stage, line, request)).Status.ShouldBe("HTTP/1.1 404 Not Found");
            }
        }
    }

    private static async Task<JsonElement> RecordedAsync() =>
        JsonElement
            .Parse(await File.ReadAllBytesAsync("python-client.json", TestContext.Current.CancellationToken))
            .GetProperty("requests");

    private static async Task<(string Status, JsonElement Body)> SendAsync(
        EmulatorStage stage,
        string line,
        JsonElement recorded
    )
    {
        var body = recorded.GetProperty("body").GetString()!;
        var head = new StringBuilder($"{line} HTTP/1.1\r\nHost: {stage.Emulator.BaseUrl.Authority}\r\n");
        foreach (var header in recorded.GetProperty("headers").EnumerateObject())
        {
            head.Append($"{header.Name}: {header.Value.GetString()}\r\n");
        }

        if (line.StartsWith("POST", StringComparison.Ordinal))
        {
            head.Append($"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        }

        using var connection = new TcpClient();
        var url = stage.Emulator.BaseUrl;
        await connection.ConnectAsync(url.Host, url.Port);
        var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{head}\r\n{body}"));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var status = await reader.ReadLineAsync();
        var length = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
        {
            length = header.StartsWith("Content-Length: ", StringComparison.Ordinal) ? int.Parse(header[16..]) : length;
        }

        var text = new char[length];
        await reader.ReadBlockAsync(text);
        return (status!, JsonElement.Parse(new string(text)));
    }
}
