using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Testing.RunPod;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>An emulator on a free port, and a plain HTTP client for it.</summary>
internal sealed class EmulatorStage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeLoggerProvider _logs = new();
    private readonly LoggerFactory _loggerFactory;

    private EmulatorStage() => _loggerFactory = new LoggerFactory([_logs]);

    public RunPodEmulator Emulator { get; private set; } = null!;

    public HttpClient Http { get; } = new();

    public IReadOnlyList<string> Logs => [.. _logs.Collector.GetSnapshot().Select(record => record.Message)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts it. Empty polls are answered at once, unless the options say otherwise.</summary>
    public static async Task<EmulatorStage> StartAsync(
        Func<RunPodEmulatorOptions, RunPodEmulatorOptions>? configure = null
    )
    {
        var stage = new EmulatorStage();
        var options = new RunPodEmulatorOptions { PollHold = TimeSpan.Zero };
        stage.Emulator = await RunPodEmulator.StartAsync(configure?.Invoke(options) ?? options, stage._loggerFactory);
        return stage;
    }

    /// <summary>POSTs JSON to the endpoint.</summary>
    public Task<Answer> PostAsync(string path, string? json = null) =>
        SendAsync(
            new HttpRequestMessage(HttpMethod.Post, Url(path))
            {
                Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"),
            }
        );

    public Task<Answer> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, Url(path)));

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        using (var response = await Http.SendAsync(request, Token))
        {
            var text = await response.Content.ReadAsStringAsync(Token);
            response.Content.Headers.ContentType?.MediaType.ShouldBe("application/json");
            return new Answer((int)response.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text));
        }
    }

    /// <summary>Sends a job and gives its id.</summary>
    /// <param name="rest">More members of the body, each with a comma before it.</param>
    public async Task<string> RunAsync(string input = "{}", string rest = "")
    {
        var answer = await PostAsync("run", $$"""{"input": {{input}}{{rest}}}""");
        answer.Status.ShouldBe(200, $"{answer.Json}");
        return answer.Json.GetProperty("id").GetString()!;
    }

    /// <summary>The state of a job: IN_QUEUE and so on.</summary>
    public async Task<string> StateAsync(string jobId) => (await GetAsync($"status/{jobId}")).State;

    /// <summary>Waits until a job is in a state: the endpoint is asked as often as it answers.</summary>
    public async Task WaitForStateAsync(string jobId, string state)
    {
        var waited = Stopwatch.StartNew();
        while (await StateAsync(jobId) is var seen && seen != state)
        {
            waited.Elapsed.ShouldBeLessThan(Patience, $"'{jobId}' is {seen}, and should become {state}");
        }
    }

    /// <summary>Waits until a worker has a job.</summary>
    public async Task WaitForWorkerAsync(string jobId, string workerId)
    {
        var waited = Stopwatch.StartNew();
        while (
            !(await GetAsync($"status/{jobId}")).Json.TryGetProperty("workerId", out var worker)
            || worker.GetString() != workerId
        )
        {
            waited.Elapsed.ShouldBeLessThan(Patience, $"'{jobId}' should be taken by '{workerId}'");
        }
    }

    /// <summary>Waits for a line of the log that holds a text.</summary>
    public Task WaitForLogAsync(string part) =>
        FakeRunPod.WaitForAsync(() => Logs.Any(line => line.Contains(part, StringComparison.Ordinal)), part);

    /// <summary>A worker of which the test does every step.</summary>
    public HandWorker Worker(string id = "worker-1") => new(this, id);

    public Uri Url(string path) => new($"{Emulator.EndpointUrl}/{path}");

    public async ValueTask DisposeAsync()
    {
        await Emulator.DisposeAsync();
        Http.Dispose();
        _loggerFactory.Dispose();
    }
}

/// <summary>What the emulator answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">The body; undefined where it is empty.</param>
internal sealed record Answer(int Status, JsonElement Json)
{
    public string State => Json.GetProperty("status").GetString()!;

    public string Error => Json.GetProperty("error").GetString()!;

    /// <summary>The names of the members, in alphabetical order.</summary>
    public string Members => string.Join(' ', Json.EnumerateObject().Select(member => member.Name).Order());
}
