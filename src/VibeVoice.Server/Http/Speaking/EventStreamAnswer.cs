using System.Buffers;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>The audio as server-sent events, as OpenAI's API has them with <c>"stream_format": "sse"</c>.</summary>
internal static class EventStreamAnswer
{
    /// <summary>Multiples of three join as base64, for clients that put the texts together.</summary>
    private const int MaxDeltaBytes = 48 * 1024;

    /// <param name="events">Where they go.</param>
    /// <param name="relay">What makes the audio.</param>
    /// <param name="report">What is known at its end.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>How many bytes of audio were sent.</returns>
    public static async Task<long> SendAsync(
        EventStream events,
        AudioRelay relay,
        Func<SpeechSummary> report,
        CancellationToken cancellationToken
    )
    {
        var sent = 0L;
        while (true)
        {
            var reading = relay.Audio.ReadAsync(cancellationToken).AsTask();
            var read = await events.WaitAsync(reading, cancellationToken);
            for (var rest = read.Buffer; !rest.IsEmpty; )
            {
                var now = rest.Slice(0, Math.Min(MaxDeltaBytes, rest.Length));
                var delta = new AudioDelta("speech.audio.delta", Convert.ToBase64String(now.ToArray()));
                await events.SendAsync(delta, EventJson.Default.AudioDelta, cancellationToken);
                sent += now.Length;
                rest = rest.Slice(now.End);
            }

            relay.Audio.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                var done = new AudioDone("speech.audio.done", Usage.Of(report()));
                await events.SendAsync(done, EventJson.Default.AudioDone, cancellationToken);
                await events.EndAsync(cancellationToken);
                return sent;
            }
        }
    }
}
