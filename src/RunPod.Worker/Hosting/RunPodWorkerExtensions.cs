using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RunPod.Worker.Hosting;

/// <summary>RunPod workers in the generic host.</summary>
[SuppressMessage("ApiDesign", "RS0026", Justification = "The overloads differ in what stands before the options.")]
public static class RunPodWorkerExtensions
{
    /// <summary>
    /// Serves the queue for as long as the host runs. The platform's variables come from the host's configuration; when
    /// the worker ends by itself, it stops the host and sets the process's exit code.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="handler">Makes the handler, for example with <see cref="JobHandlers"/>.</param>
    /// <param name="configure">Changes the options that were read from the configuration.</param>
    public static IServiceCollection AddRunPodWorker(
        this IServiceCollection services,
        Func<IServiceProvider, JobHandler> handler,
        Func<RunPodWorkerOptions, RunPodWorkerOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(handler);
        services.AddSingleton(provider => ReadOptions(provider, configure));
        services.AddSingleton<IHostedService>(provider => new RunPodWorkerService(
            handler(provider),
            provider.GetRequiredService<RunPodWorkerOptions>(),
            provider.GetRequiredService<IHostApplicationLifetime>()
        ));
        // The host gives up on its services after 30 s by default, which would cut jobs off that drain.
        services
            .AddOptions<HostOptions>()
            .Configure<RunPodWorkerOptions>(
                (host, worker) =>
                    host.ShutdownTimeout = Longer(
                        host.ShutdownTimeout,
                        worker.DrainTimeout + WorkerSession.AfterDrain(worker)
                    )
            );
        return services;
    }

    /// <summary>Serves the queue with a handler that is a service; see the other overload.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="json">Knows how both types are written as JSON.</param>
    /// <param name="configure">Changes the options that were read from the configuration.</param>
    public static IServiceCollection AddRunPodWorker<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler,
        TInput,
        TOutput
    >(
        this IServiceCollection services,
        JsonSerializerContext json,
        Func<RunPodWorkerOptions, RunPodWorkerOptions>? configure = null
    )
        where THandler : class, IJobHandler<TInput, TOutput>
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton<THandler>();
        return services.AddRunPodWorker(
            provider => JobHandlers.Create(provider.GetRequiredService<THandler>(), json),
            configure
        );
    }

    /// <summary>Serves the queue with a streaming handler that is a service; see the other overload.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="json">Knows how both types are written as JSON.</param>
    /// <param name="configure">Changes the options that were read from the configuration.</param>
    public static IServiceCollection AddRunPodStreamWorker<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler,
        TInput,
        TPiece
    >(
        this IServiceCollection services,
        JsonSerializerContext json,
        Func<RunPodWorkerOptions, RunPodWorkerOptions>? configure = null
    )
        where THandler : class, IStreamJobHandler<TInput, TPiece>
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton<THandler>();
        return services.AddRunPodWorker(
            provider => JobHandlers.CreateStream(provider.GetRequiredService<THandler>(), json),
            configure
        );
    }

    /// <summary>Writes the host's log in RunPod's format to standard output; clear other providers before.</summary>
    /// <param name="logging">The host's logging.</param>
    /// <param name="minimum">Lines below this level are dropped.</param>
    /// <param name="json">Whether lines are JSON, as RunPod wants it; otherwise text for people.</param>
    public static ILoggingBuilder AddRunPod(
        this ILoggingBuilder logging,
        LogLevel minimum = LogLevel.Information,
        bool json = true
    )
    {
        ArgumentNullException.ThrowIfNull(logging);
        logging.Services.AddSingleton<ILoggerProvider>(_ => new RunPodLoggerProvider(Console.Out, json, minimum));
        return logging;
    }

    private static RunPodWorkerOptions ReadOptions(
        IServiceProvider provider,
        Func<RunPodWorkerOptions, RunPodWorkerOptions>? configure
    )
    {
        var configuration = provider.GetRequiredService<IConfiguration>();
        var options = RunPodWorkerOptions.FromEnvironment(name => configuration[name]) with
        {
            LoggerFactory = provider.GetRequiredService<ILoggerFactory>(),
            // The host listens to signals itself, and stops its services.
            StopsOnSignals = false,
        };
        return configure?.Invoke(options) ?? options;
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
