using Prometheus;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Operations;

/// <summary>What the server counts and measures, as Prometheus reads it.</summary>
internal sealed class ServerMetrics
{
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly Histogram _firstAudio;
    private readonly Histogram _realTimeFactor;
    private readonly Histogram _queueWait;
    private readonly Counter _frames;
    private readonly Counter _bytes;
    private readonly Counter _encoderFailures;
    private readonly Counter _answers;
    private readonly Gauge _streams;

    public ServerMetrics(SpeechSlots slots)
    {
        var factory = Metrics.WithCustomRegistry(_registry);
        _firstAudio = factory.CreateHistogram(
            "vibevoice_first_audio_seconds",
            "From the slot to the engine's first frame.",
            new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.025, 2, 11) }
        );
        _realTimeFactor = factory.CreateHistogram(
            "vibevoice_real_time_factor",
            "Time to make the audio over time to hear it.",
            new HistogramConfiguration { Buckets = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 4] }
        );
        _queueWait = factory.CreateHistogram(
            "vibevoice_queue_wait_seconds",
            "From the request to its slot.",
            new HistogramConfiguration { Buckets = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120] }
        );
        _frames = factory.CreateCounter("vibevoice_frames_total", "Frames made, 133 ms each.");
        _bytes = factory.CreateCounter("vibevoice_audio_bytes_total", "Bytes of encoded audio sent.");
        _encoderFailures = factory.CreateCounter("vibevoice_encoder_failures_total", "Answers that ffmpeg broke.");
        _answers = factory.CreateCounter(
            "vibevoice_speech_requests_total",
            "Requests for speech by the status of their answer; 499 is one that was cut, or cancelled.",
            "status"
        );
        _streams = factory.CreateGauge("vibevoice_text_streams", "Open text streams, speaking or not.");
        var active = factory.CreateGauge("vibevoice_active_slots", "Requests being spoken.");
        var waiting = factory.CreateGauge("vibevoice_queue_length", "Requests that wait for a slot.");
        _registry.AddBeforeCollectCallback(() =>
        {
            active.Set(slots.Active);
            waiting.Set(slots.Waiting);
        });
    }

    public void Waited(TimeSpan time) => _queueWait.Observe(time.TotalSeconds);

    public void Spoke(SpeechSummary report, long bytes)
    {
        _firstAudio.Observe(report.FirstAudio.TotalSeconds);
        _realTimeFactor.Observe(report.RealTimeFactor);
        _frames.Inc(report.Frames);
        _bytes.Inc(bytes);
    }

    /// <summary>Speech of a text that was still being written: its delays are its writer's, too.</summary>
    public void SpokeStream(SpeechSummary report, long bytes)
    {
        _frames.Inc(report.Frames);
        _bytes.Inc(bytes);
    }

    /// <summary>Counts an open text stream until what is returned is disposed.</summary>
    public IDisposable StreamOpened() => _streams.TrackInProgress();

    public void Answered(int status) =>
        _answers.WithLabels(status.ToString(System.Globalization.CultureInfo.InvariantCulture)).Inc();

    public void Failed(SpeechFailedException failure)
    {
        if (failure.Tool == EncodingOptions.FfmpegSetting)
        {
            _encoderFailures.Inc();
        }
    }

    public Task WriteAsync(Stream output, CancellationToken cancellationToken) =>
        _registry.CollectAndExportAsTextAsync(output, cancellationToken);
}
