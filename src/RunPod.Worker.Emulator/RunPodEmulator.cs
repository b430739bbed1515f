using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Emulator.Http;
using RunPod.Worker.Emulator.Jobs;
using RunPod.Worker.Emulator.Webhooks;

namespace RunPod.Worker.Emulator;

/// <summary>
/// A RunPod Serverless endpoint on this machine: clients send it jobs by the endpoint API, workers of any language take
/// them by the variables of <see cref="WorkerEnvironment"/>. Everything is kept in memory. Disposing ends it; jobs that are
/// not answered by then are dropped, a line in the log for each. Thread-safe.
/// </summary>
public sealed class RunPodEmulator : IAsyncDisposable
{
    /// <summary>A heartbeat names all jobs of a worker, up to 64 KiB of ids.</summary>
    private const int LongestRequestLine = 96 * 1024;

    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(5);

    private readonly WebApplication _application;
    private readonly ControlPlane _plane;
    private readonly WebhookSender _webhooks;
    private readonly RunPodEmulatorOptions _options;
    private int _isDisposed;

    private RunPodEmulator(
        WebApplication application,
        ControlPlane plane,
        WebhookSender webhooks,
        RunPodEmulatorOptions options
    ) => (_application, _plane, _webhooks, _options) = (application, plane, webhooks, options);

    /// <summary>What clients call the base URL, for example <c>http://localhost:8000/v2</c>.</summary>
    public Uri BaseUrl => new(_options.BaseUrl());

    /// <summary>The URL of the endpoint, for example <c>http://localhost:8000/v2/local</c>.</summary>
    public Uri EndpointUrl => new($"{_options.BaseUrl()}/{_options.EndpointId}");

    /// <summary>Starts to listen.</summary>
    /// <param name="options">Where, and how the endpoint behaves.</param>
    /// <param name="loggerFactory">Where a line for each job goes, and one for everything that goes wrong.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="ArgumentException">One or more options cannot work; a sentence each.</exception>
    /// <exception cref="IOException">The address cannot be listened on, for example because the port is in use.</exception>
    public static async Task<RunPodEmulator> StartAsync(
        RunPodEmulatorOptions options,
        ILoggerFactory loggerFactory,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        if (options.FindProblems() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(options));
        }

        var logger = loggerFactory.CreateLogger<RunPodEmulator>();
        var webhooks = new WebhookSender(options.TimeProvider, logger);
        var plane = new ControlPlane(options, logger, webhooks.Send);
        var application = Build(options);
        new ClientRoutes(plane, options).Map(application);
        new WorkerRoutes(plane, options).Map(application);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            plane.Dispose();
            await webhooks.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        if (options.Port == 0)
        {
            var chosen = new Uri(application.Urls.First());
            // 'localhost' may be another address than the one that the port was free on.
            options = options with
            {
                Host = chosen.Host.Trim('[', ']'),
                Port = chosen.Port,
            };
        }

        return new RunPodEmulator(application, plane, webhooks, options);
    }

    /// <summary>The variables that RunPod would set in a worker's container.</summary>
    /// <param name="workerId">The worker's name; every worker needs its own. Default: a new one.</param>
    public IReadOnlyDictionary<string, string?> WorkerEnvironment(string? workerId = null) =>
        WorkerVariables.For(_options, _options.BaseUrl(), workerId);

    /// <summary>Answers what is waited for with what there is, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _plane.Close();
        // Dispose alone would cut the answers that are being written.
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        _plane.Dispose();
        await _webhooks.DisposeAsync().ConfigureAwait(false);
    }

    private static WebApplication Build(RunPodEmulatorOptions options)
    {
        // Empty: neither the environment nor an appsettings.json of the program around it may change what this does.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = LastAnswers);
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(server =>
            {
                server.AddServerHeader = false;
                server.Limits.MaxRequestBodySize = null; // the routes have their own
                server.Limits.MaxRequestLineSize = LongestRequestLine;
                Listen(server, options);
            });
        var application = builder.Build();
        application.Use(AnswerTroubleAsync);
        return application;
    }

    private static void Listen(KestrelServerOptions server, RunPodEmulatorOptions options)
    {
        if (IPAddress.TryParse(options.Host, out var address))
        {
            server.Listen(address, options.Port);
        }
        else if (options.Port == 0)
        {
            // Two addresses can have the same port only if it is chosen beforehand.
            server.Listen(IPAddress.Loopback, 0);
        }
        else
        {
            server.ListenLocalhost(options.Port);
        }
    }

    /// <summary>Requests that lead nowhere are told so in JSON; those whose client has left, not at all.</summary>
    private static async Task AnswerTroubleAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (http.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            return;
        }

        if (
            http.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound, ContentLength: null }
            || http.Response is { HasStarted: false, StatusCode: StatusCodes.Status405MethodNotAllowed }
        )
        {
            await Answers
                .WriteErrorAsync(
                    http,
                    http.Response.StatusCode,
                    $"there is no {http.Request.Method} {http.Request.Path} here; GET / tells what there is"
                )
                .ConfigureAwait(false);
        }
    }
}
