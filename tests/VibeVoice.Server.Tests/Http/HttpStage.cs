using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Testing;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Http.Jobs.Storage;
using VibeVoice.Server.Http.TextStreams;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>The HTTP server on a port of its own, with everything real but the engine.</summary>
internal sealed class HttpStage : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private HttpStage(ServiceProvider services, HttpServer server, FakeLogCollector logs)
    {
        _services = services;
        Server = server;
        Logs = logs;
        Client = ClientOf(Port);
    }

    public HttpServer Server { get; }

    public FakeLogCollector Logs { get; }

    public HttpClient Client { get; }

    public int Port => PortOf(0);

    /// <summary>Starts it, ready to speak.</summary>
    /// <param name="engine">What speaks.</param>
    /// <param name="options">Port 0 of them is taken as any that is free.</param>
    /// <param name="isReady">Whether the model is loaded.</param>
    /// <param name="slots">Requests that are spoken at once.</param>
    public static async Task<HttpStage> StartAsync(
        ISynthesizer engine,
        HttpOptions? options = null,
        bool isReady = true,
        int slots = 4,
        TimeProvider? time = null,
        string? ffmpegPath = null,
        IJobStore? jobs = null,
        JobOptions? jobOptions = null,
        TextStreamOptions? streams = null,
        SpeechSettings? speech = null
    )
    {
        var logs = FakeLogCollector.Create(new FakeLogCollectorOptions());
        var encoding = new EncodingOptions { FfmpegPath = ffmpegPath ?? RequiredTool.Find("ffmpeg") };
        var services = new ServiceCollection()
            .AddSingleton(
                LoggerFactory.Create(builder =>
                    builder.SetMinimumLevel(LogLevel.Trace).AddProvider(new FakeLoggerProvider(logs))
                )
            )
            .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
            .AddSingleton(time ?? TimeProvider.System)
            .AddSingleton((options ?? new HttpOptions()) with { Port = 0 })
            .AddSingleton(streams ?? new TextStreamOptions())
            .AddSingleton(new QueueOptions { Concurrency = slots })
            .AddSingleton(speech ?? new SpeechSettings())
            .AddSingleton(encoding)
            .AddSingleton(jobOptions ?? new JobOptions())
            .AddSingleton(new JobShelf(jobs, jobOptions ?? new JobOptions(), time ?? TimeProvider.System))
            .AddSingleton(engine)
            .AddSingleton<AudioEncoder>()
            .AddSingleton<SpeechRequestFactory>()
            .AddSingleton<SpeechPipeline>()
            .BuildServiceProvider();
        var server = await HttpServer.StartAsync(services, TestContext.Current.CancellationToken);
        if (isReady)
        {
            server.State.BecomeReady();
        }

        return new HttpStage(services, server, logs);
    }

    public static HttpClient ClientOf(int port) => new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

    public int PortOf(int index) => new Uri(Server.Urls.ElementAt(index)).Port;

    /// <summary>Asks for speech; comes back when the headers are there.</summary>
    public Task<HttpResponseMessage> SpeakAsync(string json, CancellationToken? cancellationToken = null) =>
        Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/audio/speech")
            {
                Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json"),
            },
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken ?? TestContext.Current.CancellationToken
        );

    /// <summary>Waits for a line of the figures.</summary>
    public async Task UntilAsync(string line)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!(await Client.GetStringAsync("/metrics", patience.Token)).Contains(line + "\n"))
        {
            await Task.Delay(20, patience.Token);
        }
    }

    /// <summary>The error of an answer that must be one, in OpenAI's shape.</summary>
    public static async Task<JsonElement> ErrorOfAsync(HttpResponseMessage answer, int status)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)answer.StatusCode).ShouldBe(status, text);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var error = JsonElement.Parse(text).GetProperty("error");
        error.EnumerateObject().Select(property => property.Name).ShouldBe(["message", "type", "param", "code"]);
        return error;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.StopAsync();
        await Server.DisposeAsync();
        await _services.DisposeAsync();
    }
}
