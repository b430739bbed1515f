using System.Buffers;
using System.Text.Json;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>The audio as server-sent events, as OpenAI's API has them with <c>"stream_format": "sse"</c>.</summary>
internal static class EventStreamAnswer
{
    /// <summary>Without a byte for a minute, proxies take a connection for dead.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    /// <summary>Multiples of three join as base64, for clients that put the texts together.</summary>
    private const int MaxDeltaBytes = 48 * 1024;

    private static ReadOnlyMemory<byte> Comment => ": the audio is being made\n\n"u8.ToArray();

    /// <param name="http">The request.</param>
    /// <param name="relay">What makes the audio.</param>
    /// <param name="report">What is known at its end.</param>
    /// <param name="describe">Sets the headers, once there is something to send.</param>
    /// <param name="errors">Says what a failure is called, once it can only be an event.</param>
    /// <param name="timeProvider">Measures the silence.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>How many bytes of audio were sent.</returns>
    public static async Task<long> SendAsync(
        HttpContext http,
        AudioRelay relay,
        Func<SpeechSummary> report,
        Action describe,
        Func<Exception, ApiException> errors,
        TimeProvider timeProvider,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var sent = 0L;
            while (true)
            {
                var read = await ReadAsync();
                Begin();
                for (var rest = read.Buffer; !rest.IsEmpty; )
                {
                    var now = rest.Slice(0, Math.Min(MaxDeltaBytes, rest.Length));
                    var delta = new AudioDelta("speech.audio.delta", Convert.ToBase64String(now.ToArray()));
                    await SendEventAsync(JsonSerializer.SerializeToUtf8Bytes(delta, EventJson.Default.AudioDelta));
                    sent += now.Length;
                    rest = rest.Slice(now.End);
                }

                relay.Audio.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    var done = new AudioDone("speech.audio.done", Usage.Of(report()));
                    await SendEventAsync(JsonSerializer.SerializeToUtf8Bytes(done, EventJson.Default.AudioDone));
                    await SendEventAsync("[DONE]"u8.ToArray());
                    return sent;
                }
            }
        }
        catch (Exception exception) when (http.Response.HasStarted && IsTold(exception))
        {
            var error = new ErrorEvent("error", errors(exception).Body.Error);
            await relay.SendAsync(http.Response, "event: error\n"u8.ToArray(), cancellationToken);
            await SendEventAsync(JsonSerializer.SerializeToUtf8Bytes(error, EventJson.Default.ErrorEvent));
            return 0;
        }

        async Task<System.IO.Pipelines.ReadResult> ReadAsync()
        {
            var reading = relay.Audio.ReadAsync(cancellationToken).AsTask();
            while (true)
            {
                try
                {
                    return await reading.WaitAsync(LongestSilence, timeProvider, cancellationToken);
                }
                catch (TimeoutException) when (!reading.IsCompleted)
                {
                    Begin();
                    await relay.SendAsync(http.Response, Comment, cancellationToken);
                }
            }
        }

        void Begin()
        {
            if (!http.Response.HasStarted)
            {
                describe();
                http.Response.ContentType = "text/event-stream";
                // Nginx and its like would collect the events.
                http.Response.Headers["X-Accel-Buffering"] = "no";
            }
        }

        Task SendEventAsync(byte[] json) =>
            relay.SendAsync(http.Response, (byte[])[.. "data: "u8, .. json, .. "\n\n"u8], cancellationToken);
    }

    /// <summary>Who reads too slowly or has left hears of nothing.</summary>
    private static bool IsTold(Exception exception) =>
        exception is not (SlowReaderException or OperationCanceledException);
}
