using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Testing.RunPod;

/// <summary>
/// npm's runpod-sdk, a client of RunPod that nobody wrote for this program, in a Node.js process of its own. Thread-safe.
/// </summary>
public sealed class RunPodSdk : IAsyncDisposable
{
    /// <summary>Node.js may need long to start on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _calls = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Task _reading;
    private int _lastId;

    private RunPodSdk(Process process)
    {
        _process = process;
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Starts it; skips the test where node or its packages are missing, and fails it with <c>CI=true</c>.</summary>
    /// <param name="baseUrl">As the SDK wants it: up to and with /v2.</param>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="apiKey">The key that it sends.</param>
    public static RunPodSdk Start(Uri baseUrl, string endpointId, string apiKey = "rpa_FAKE")
    {
        NodePackage.Find("runpod-sdk");
        var start = new ProcessStartInfo(RequiredTool.Find("node"))
        {
            ArgumentList =
            {
                Repository.PathOf("tests", "tools", "runpod-sdk.mjs"),
                baseUrl.ToString().TrimEnd('/'),
                apiKey,
                endpointId,
            },
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return new RunPodSdk(process);
    }

    /// <summary>Calls a method of the SDK's endpoint; gives what it resolved to, or all that a stream yielded.</summary>
    /// <exception cref="InvalidOperationException">The SDK threw; the message is what it said.</exception>
    public async Task<JsonElement> CallAsync(string method, params object[] arguments)
    {
        var id = Interlocked.Increment(ref _lastId);
        var answer = _calls.GetOrAdd(
            id,
            _ => new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously)
        );
        var line = new JsonObject
        {
            ["id"] = id,
            ["method"] = method,
            ["arguments"] = JsonSerializer.SerializeToNode(arguments),
        }.ToJsonString();
        await _writing.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }

        return await answer.Task.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
        _writing.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            var answer = JsonElement.Parse(line);
            if (_calls.TryRemove(answer.GetProperty("id").GetInt32(), out var call))
            {
                if (answer.TryGetProperty("error", out var error))
                {
                    call.SetException(new InvalidOperationException(error.GetString()));
                }
                else
                {
                    call.SetResult(answer.TryGetProperty("result", out var result) ? result : default);
                }
            }
        }

        foreach (var call in _calls.Values)
        {
            call.TrySetException(new InvalidOperationException("The process of the SDK has ended."));
        }
    }
}
