using System.Runtime.ExceptionServices;
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
    public async Task HandleAsync(HttpContext http)
    {
        using var running = state.Enter();
        using var deadline = new SpeechDeadline(options, state, timeProvider, http.RequestAborted);
        EventStream? events = null;
        try
        {
            var body = await reader.ReadAsync(http.Request, deadline.Token);
            var patience = new ReaderPatience(options, timeProvider, () => Cut(http));
            events = body.IsEventStream
                ? new EventStream(http, patience, () => Describe(http, body), timeProvider)
                : null;
            await SpeakAsync(http, body, patience, events, deadline.Token);
        }
        catch (Exception exception)
            when (exception is not SlowReaderException && !http.RequestAborted.IsCancellationRequested)
        {
            var told = deadline.Explain(exception);
            if (events is not { HasBegun: true })
            {
                ExceptionDispatchInfo.Throw(told);
            }

            var error = failures.Describe(told);
            await events.FailAsync(error, http.RequestAborted);
            Log.BrokeOff(logger, error.Code);
            throw new AnsweredException(error);
        }
    }

    private async Task SpeakAsync(
        HttpContext http,
        SpeechBody body,
        ReaderPatience patience,
        EventStream? events,
        CancellationToken cancellationToken
    )
    {
        var request = body.Request;
        var begun = timeProvider.GetTimestamp();
        var slot = await EnterAsync(request, events, cancellationToken);
        metrics.Waited(timeProvider.GetElapsedTime(begun));
        var run = pipeline.Start(
            request,
            headCanBeCompleted: false,
            progress => slot.ShareOfText = progress.ShareOfText,
            cancellationToken
        );
        await using (var relay = new AudioRelay(run.Audio, slot, options.BufferBytes, patience, cancellationToken))
        {
            // Of plain audio nothing is said before there is some: a failure until then is answered as one.
            var sent = events is null
                ? await AudioAnswer.SendAsync(http, relay, patience, () => Describe(http, body), cancellationToken)
                : await EventStreamAnswer.SendAsync(events, relay, run.Report, cancellationToken);
            var report = run.Report();
            metrics.Spoke(report, sent);
            LogSpoken(report, sent);
        }
    }

    /// <summary>Waits for a slot. A full queue refuses at once, before any byte; who waits in it gets comments meanwhile.</summary>
    private async Task<SpeechSlot> EnterAsync(
        SpeechRequest request,
        EventStream? events,
        CancellationToken cancellationToken
    )
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var entering = slots.EnterAsync(request.Characters, giveUp.Token);
        if (events is null || entering.IsCompleted)
        {
            return await entering;
        }

        try
        {
            return await events.WaitAsync(entering, cancellationToken);
        }
        catch
        {
            // The place in the queue is given up, and the slot where it came just now.
            await giveUp.CancelAsync();
            await Task.WhenAny(entering);
            if (entering.IsCompletedSuccessfully)
            {
                (await entering).Dispose();
            }

            throw;
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

        [LoggerMessage(LogLevel.Warning, "An event stream ended with the error '{Code}'.")]
        public static partial void BrokeOff(ILogger logger, string code);

        [LoggerMessage(
            LogLevel.Warning,
            "A reader took too little of its audio for {Seconds} s (HTTP_SLOW_READER_SECONDS); its connection was cut."
        )]
        public static partial void TooSlow(ILogger logger, int seconds);
    }
}
