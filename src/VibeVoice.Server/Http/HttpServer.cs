using System.Net;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Http.Lists;
using VibeVoice.Server.Http.Operations;
using VibeVoice.Server.Http.Page;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Http.TextStreams;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http;

/// <summary>The HTTP server: listens before the model is loaded, and lets what runs end before it stops.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    /// <summary>For the last bytes of answers, after the requests have ended.</summary>
    private static readonly TimeSpan _lastBytes = TimeSpan.FromSeconds(2);

    private readonly WebApplication _application;
    private readonly HttpOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly JobRunner _jobs;

    private HttpServer(WebApplication application, IServiceProvider services)
    {
        _application = application;
        _options = services.GetRequiredService<HttpOptions>();
        _timeProvider = services.GetRequiredService<TimeProvider>();
        State = application.Services.GetRequiredService<ServerState>();
        _jobs = application.Services.GetRequiredService<JobRunner>();
    }

    public ServerState State { get; }

    /// <summary>Where it listens; a port that was 0 is the one that was found.</summary>
    public IReadOnlyCollection<string> Urls => [.. _application.Urls];

    /// <summary>Listens; says 503 to requests for speech until <see cref="ServerState.BecomeReady"/>.</summary>
    /// <param name="services">What speaks, and the options.</param>
    /// <exception cref="SettingsException">The port is not to be had, or the default voice is none of the engine's.</exception>
    public static async Task<HttpServer> StartAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var server = new HttpServer(Build(services), services);
        try
        {
            await server._application.StartAsync(cancellationToken);
            server._jobs.Start();
            return server;
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            await server.DisposeAsync();
            throw new SettingsException(
                $"Port {server._options.Port} cannot be listened on: {exception.Message.TrimEnd('.')}. Set PORT to one that is free and that "
                    + "you may use; those below 1024 need rights."
            );
        }
    }

    /// <summary>Refuses what is new, waits for what runs, and closes.</summary>
    public async Task StopAsync()
    {
        var draining = State.DrainAsync(TimeSpan.FromSeconds(_options.DrainSeconds), _timeProvider);
        await _jobs.StopAsync();
        await draining;
        await _application.StopAsync();
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static WebApplication Build(IServiceProvider services)
    {
        var options = services.GetRequiredService<HttpOptions>();
        // Empty: settings come from our own options and from nowhere else, and signals are the command's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Share(builder.Services, services);
        builder.Services.AddRouting();
        builder.Services.AddDocumentation();
        builder.Services.AddTraces(options.TraceCollector);
        builder
            .Services.AddSingleton<SpeechRates>()
            .AddSingleton<ApiKeys>()
            .AddSingleton<Failures>()
            .AddSingleton<ServerMetrics>()
            .AddSingleton<ServerState>()
            .AddSingleton<SpeechSlots>();
        builder
            .Services.AddSingleton<SpeechBodyReader>()
            .AddSingleton<SpeechEndpoint>()
            .AddSingleton<OutlineEndpoint>();
        builder.Services.AddTextStreams();
        builder.Services.AddJobs();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _lastBytes);
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => Allow(policy, options.Origins)));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options));
        var application = builder.Build();
        application.UseMiddleware<ErrorAnswers>();
        application.UseRouting();
        if (options.Origins.Count > 0)
        {
            application.UseCors();
        }

        application.UseMiddleware<KeyGuard>();
        application.UseWebSockets();
        Map(application, options);
        return application;
    }

    /// <summary>Every route of the server: one call for each concern.</summary>
    private static void Map(WebApplication application, HttpOptions options)
    {
        var synthesizer = application.Services.GetRequiredService<ISynthesizer>();
        var state = application.Services.GetRequiredService<ServerState>();
        application.MapPing(state);
        application.MapModels(synthesizer, options);
        application.MapVoices(synthesizer, options);
        var rates = application.Services.GetRequiredService<SpeechRates>();
        application.MapSpeech(
            application.Services.GetRequiredService<SpeechEndpoint>(),
            application.Services.GetRequiredService<OutlineEndpoint>(),
            rates
        );
        application.MapTextStreams(application.Services.GetRequiredService<TextStreamEndpoint>());
        application.MapJobs(application.Services.GetRequiredService<JobEndpoint>(), rates);
        application.MapOperations(
            state,
            application.Services.GetRequiredService<ServerMetrics>(),
            synthesizer,
            application.Services.GetRequiredService<SpeechSettings>(),
            options
        );
        application.MapDocumentation(options);
        application.MapPage();
    }

    private static void Listen(KestrelServerOptions kestrel, HttpOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        kestrel.Limits.MinResponseDataRate = null; // AudioRelay has a rule of its own
        kestrel.Listen(IPAddress.Any, options.Port);
        if (options.PortHealth is { } health && health != options.Port)
        {
            kestrel.Listen(IPAddress.Any, health);
        }
    }

    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins) =>
        policy.WithOrigins([.. origins]).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("*");

    /// <summary>What the program has made already is used here and disposed of there.</summary>
    private static void Share(IServiceCollection target, IServiceProvider source) =>
        target
            .AddSingleton(source.GetRequiredService<ILoggerFactory>())
            .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
            .AddSingleton(source.GetRequiredService<TimeProvider>())
            .AddSingleton(source.GetRequiredService<HttpOptions>())
            .AddSingleton(source.GetRequiredService<TextStreamOptions>())
            .AddSingleton(source.GetRequiredService<SpeechSettings>())
            .AddSingleton(source.GetRequiredService<Queue.QueueOptions>())
            .AddSingleton(source.GetRequiredService<JobOptions>())
            .AddSingleton(source.GetRequiredService<JobShelf>())
            .AddSingleton(source.GetRequiredService<ISynthesizer>())
            .AddSingleton(source.GetRequiredService<SpeechRequestFactory>())
            .AddSingleton(source.GetRequiredService<SpeechPipeline>());
}
