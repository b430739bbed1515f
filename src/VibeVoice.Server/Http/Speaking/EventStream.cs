using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>An answer of server-sent events, which begins with the first that there is to say.</summary>
/// <param name="http">The request.</param>
/// <param name="patience">With its reader.</param>
/// <param name="describe">Sets the headers.</param>
/// <param name="timeProvider">Measures the silence, which begins with the request.</param>
internal sealed class EventStream(HttpContext http, ReaderPatience patience, Action describe, TimeProvider timeProvider)
{
    /// <summary>Without a byte for a minute, proxies take a connection for dead.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    private long _lastSent = timeProvider.GetTimestamp();

    /// <summary>Whether headers are out: what fails from then on can only be told in an event.</summary>
    public bool HasBegun { get; private set; }

    private static ReadOnlyMemory<byte> Comment => ": not yet\n\n"u8.ToArray();

    /// <summary>Waits for something, and breaks the silence meanwhile.</summary>
    public async Task<T> WaitAsync<T>(Task<T> task, CancellationToken cancellationToken)
    {
        while (!task.IsCompleted)
        {
            var due = LongestSilence - timeProvider.GetElapsedTime(_lastSent);
            if (due <= TimeSpan.Zero)
            {
                await SendAsync(Comment, cancellationToken);
                continue;
            }

            // It may come to its end just when the time does: what it came to is asked for below.
            await ((Task)task)
                .WaitAsync(due, timeProvider, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return await task;
    }

    public Task SendAsync<T>(T item, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendDataAsync(JsonSerializer.SerializeToUtf8Bytes(item, type), cancellationToken);

    /// <summary>The last event of a stream that came to its end.</summary>
    public Task EndAsync(CancellationToken cancellationToken) => SendDataAsync("[DONE]"u8.ToArray(), cancellationToken);

    /// <summary>The last event of a stream that broke.</summary>
    public async Task FailAsync(ApiException error, CancellationToken cancellationToken)
    {
        await SendAsync("event: error\n"u8.ToArray(), cancellationToken);
        await SendAsync(new ErrorEvent("error", error.Body.Error), EventJson.Default.ErrorEvent, cancellationToken);
    }

    private Task SendDataAsync(byte[] json, CancellationToken cancellationToken) =>
        SendAsync((byte[])[.. "data: "u8, .. json, .. "\n\n"u8], cancellationToken);

    private Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!HasBegun)
        {
            HasBegun = true;
            describe();
            http.Response.ContentType = "text/event-stream";
            // Nginx and its like would collect the events.
            http.Response.Headers["X-Accel-Buffering"] = "no";
        }

        _lastSent = timeProvider.GetTimestamp();
        return patience.SendAsync(http.Response, bytes, cancellationToken);
    }
}
