using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>The HTTP server in this process, around an engine that takes no time, or what it is told to take.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly HttpServer _server;

    private BenchServer(ServiceProvider services, HttpServer server)
    {
        _services = services;
        _server = server;
    }

    public Uri Speech => new($"http://127.0.0.1:{new Uri(_server.Urls.First()).Port}/v1/audio/speech");

    public static async Task<BenchServer> StartAsync(
        ISynthesizer synthesizer,
        int slots,
        CancellationToken cancellationToken
    )
    {
        var services = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(TimeProvider.System)
            .AddSingleton(new HttpOptions { Port = 0 })
            .AddSingleton(new QueueOptions { Concurrency = slots })
            .AddSingleton(new SpeechSettings())
            .AddSingleton(new EncodingOptions())
            .AddSingleton(new JobOptions())
            .AddSingleton(new JobShelf(null, new JobOptions(), TimeProvider.System))
            .AddSingleton(synthesizer)
            .AddSingleton<AudioEncoder>()
            .AddSingleton<SpeechRequestFactory>()
            .AddSingleton<SpeechPipeline>()
            .BuildServiceProvider();
        var server = await HttpServer.StartAsync(services, cancellationToken);
        server.State.BecomeReady();
        return new BenchServer(services, server);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync();
        await _server.DisposeAsync();
        await _services.DisposeAsync();
    }
}
