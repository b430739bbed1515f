using VibeVoice.Server.Http.Operations;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Speaking;

/// <summary><c>POST /v1/audio/speech</c>: reads, waits for a slot, speaks, and sends the audio while it is being made.</summary>
internal sealed partial class SpeechEndpoint(
    SpeechBodyReader reader,
    SpeechPipeline pipeline,
    SpeechSlots slots,
    ServerState state,
    ISynthesizer synthesizer,
    HttpOptions options,
    Failures failures,
    ServerMetrics metrics,
    TimeProvider timeProvider,
    ILogger<SpeechEndpoint> logger
)
{
    /// <summary>Which limit of requests it counts towards.</summary>
    public const string RateLimitPolicy = "speech";

    public async Task HandleAsync(HttpContext http)
    {
        using var running = state.Enter();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.RequestSeconds), timeProvider);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, state.Cut, limit.Token);
        try
        {
            await SpeakAsync(http, stop.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw ApiException.OutOfTime(options.RequestSeconds);
        }
        catch (OperationCanceledException) when (state.Cut.IsCancellationRequested)
        {
            throw ApiException.NotReady(ServerPhase.Draining);
        }
    }

    private async Task SpeakAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var body = await reader.ReadAsync(http.Request, cancellationToken);
        var request = body.Request;
        var begun = timeProvider.GetTimestamp();
        var slot = await slots.EnterAsync(request.Characters, cancellationToken);
        metrics.Waited(timeProvider.GetElapsedTime(begun));
        var run = pipeline.Start(
            request,
            headCanBeCompleted: false,
            progress => slot.ShareOfText = progress.ShareOfText,
            cancellationToken
        );
        await using (
            var relay = new AudioRelay(run.Audio, slot, options, timeProvider, () => Cut(http), cancellationToken)
        )
        {
            // Nothing is said before there is audio: a failure until then is answered as one.
            var describe = () => Describe(http, body);
            var sent = body.IsEventStream
                ? await EventStreamAnswer.SendAsync(
                    http,
                    relay,
                    run.Report,
                    describe,
                    failures.Describe,
                    timeProvider,
                    cancellationToken
                )
                : await AudioAnswer.SendAsync(http, relay, describe, cancellationToken);
            var report = run.Report();
            metrics.Spoke(report, sent);
            LogSpoken(report, sent);
        }
    }

    private void Cut(HttpContext http)
    {
        Log.TooSlow(logger, options.SlowReaderSeconds);
        http.Abort();
    }

    private void Describe(HttpContext http, SpeechBody body)
    {
        var headers = http.Response.Headers;
        headers["X-VibeVoice-Engine"] = synthesizer.Engine;
        headers["X-VibeVoice-Voice"] = Header(body.Request.Voice.Name);
        headers["X-VibeVoice-Seed"] = body.Request.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture);
        headers["X-VibeVoice-AI-Generated"] = "true";
        if (body.Ignored.Count > 0)
        {
            headers["X-VibeVoice-Ignored"] = string.Join(", ", body.Ignored);
        }

        headers.CacheControl = "no-store";
        http.Response.ContentType = body.Request.Format.ContentType;
    }

    /// <summary>The name of somebody's own voice may have letters that no header can carry.</summary>
    private static string Header(string value) => Uri.EscapeDataString(value);

    private void LogSpoken(SpeechSummary report, long bytes) =>
        Log.Spoke(
            logger,
            report.Characters,
            report.Duration.TotalSeconds,
            report.Format.Name,
            bytes,
            report.RealTimeFactor
        );

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Information,
            "Spoke {Characters} characters as {Seconds:F1} s of {Format}, {Bytes} bytes, real-time factor {RealTimeFactor:F3}."
        )]
        public static partial void Spoke(
            ILogger logger,
            int characters,
            double seconds,
            string format,
            long bytes,
            double realTimeFactor
        );

        [LoggerMessage(
            LogLevel.Warning,
            "A reader took too little of its audio for {Seconds} s (HTTP_SLOW_READER_SECONDS); its connection was cut."
        )]
        public static partial void TooSlow(ILogger logger, int seconds);
    }
}
