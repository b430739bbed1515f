using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace RunPod.Worker;

/// <summary>
/// Writes log lines in the form that RunPod's console reads, each flushed as it is written. The job is taken from the
/// scope value <c>requestId</c>, which the worker sets around everything it does for a job. Thread-safe.
/// </summary>
/// <param name="output">Where lines go, usually standard output; not disposed.</param>
/// <param name="json">One JSON object a line, as RunPod wants it; otherwise text for people.</param>
/// <param name="minimum">Lines below this level are dropped.</param>
public sealed class RunPodLoggerProvider(TextWriter output, bool json, LogLevel minimum)
    : ILoggerProvider,
        ISupportExternalScope
{
    /// <summary>The scope value that names a line's job.</summary>
    public const string RequestIdKey = "requestId";

    /// <summary>The scope value that names the batch of a line's job; such lines begin with it.</summary>
    public const string BatchIdKey = "batchId";

    private const int LongestMessage = 4096;

    private static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Lock _writing = new();
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this);

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    /// <inheritdoc/>
    public void Dispose() { }

    private bool Includes(LogLevel level) => level >= minimum && level != LogLevel.None;

    private void Write(LogLevel level, string message)
    {
        var (jobId, batchId) = JobOfScope();
        var shortened = Shorten(batchId is null ? message : $"[batchId={batchId}] {message}");
        var name = Logging.RunPodLogLevel.NameOf(level);
        var line =
            json ? ToJson(name, jobId, shortened)
            : jobId is null ? $"{name, -7}| {shortened}"
            : $"{name, -7}| {jobId} | {shortened}";
        lock (_writing)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    private static string Shorten(string message)
    {
        if (message.Length <= LongestMessage)
        {
            return message;
        }

        const int half = LongestMessage / 2;
        var dropped = message.Length - LongestMessage;
        return $"{message[..half]}\n… {dropped} characters left out …\n{message[^half..]}";
    }

    private (string? JobId, string? BatchId) JobOfScope()
    {
        var found = new ScopeValues();
        _scopes.ForEachScope(
            (scope, found) =>
            {
                if (scope is not IReadOnlyList<KeyValuePair<string, object?>> values)
                {
                    return;
                }

                for (var i = 0; i < values.Count; i++)
                {
                    var (key, value) = values[i];
                    found.JobId = key is RequestIdKey ? value?.ToString() : found.JobId;
                    found.BatchId = key is BatchIdKey ? value?.ToString() : found.BatchId;
                }
            },
            found
        );
        return (found.JobId, found.BatchId);
    }

    private static string ToJson(string level, string? jobId, string message)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            writer.WriteString(RequestIdKey, jobId);
            writer.WriteString("message", message);
            writer.WriteString("level", level);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private sealed class ScopeValues
    {
        public string? JobId { get; set; }

        public string? BatchId { get; set; }
    }

    private sealed class Logger(RunPodLoggerProvider provider) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => provider._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => provider.Includes(logLevel);

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                var message = formatter(state, exception);
                provider.Write(logLevel, exception is null ? message : $"{message}\n{exception}");
            }
        }
    }
}
