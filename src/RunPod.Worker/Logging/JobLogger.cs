using System.Text.Json;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Jobs;

namespace RunPod.Worker.Logging;

/// <summary>Puts a job's scope around each line, for code that runs outside of the handler's flow.</summary>
internal sealed class JobLogger(ILogger logger, JsonElement job, string jobId) : ILogger
{
    private readonly IReadOnlyList<KeyValuePair<string, object?>> _scope = JobScope.For(jobId, job);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        using var scope = logger.BeginScope(_scope);
        logger.Log(logLevel, eventId, state, exception, formatter);
    }
}
