using System.Diagnostics.Metrics;

namespace VibeVoice.Server.Benchmarking;

/// <summary>Adds up what the library says about the parts of frames.</summary>
/// <remarks>Thread-safe: streams report from the threads that compute for them.</remarks>
internal sealed class PartListener : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, double> _seconds = new(StringComparer.Ordinal);

    public PartListener()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == VibeVoiceMetrics.MeterName && instrument.Name == VibeVoiceMetrics.PartDuration)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>(
            (_, seconds, tags, _) =>
            {
                lock (_lock)
                {
                    var part = (string)tags[0].Value!;
                    _seconds[part] = _seconds.GetValueOrDefault(part) + seconds;
                }
            }
        );
        _listener.Start();
    }

    /// <summary>What the parts took for one of so many frames; the wall's rest is no part's.</summary>
    public PartTimes PerFrame(TimeSpan wall, int frames)
    {
        lock (_lock)
        {
            var atOnce = _seconds.GetValueOrDefault("at_once");
            var parts = _seconds.Values.Sum() - (2 * atOnce);
            return new PartTimes(
                Of("sampler"),
                Of("decoder"),
                Of("speech_step"),
                Milliseconds(atOnce),
                Of("text"),
                Milliseconds(wall.TotalSeconds - parts),
                Milliseconds(wall.TotalSeconds)
            );
        }

        double Of(string part) => Milliseconds(_seconds.GetValueOrDefault(part));

        double Milliseconds(double seconds) => seconds * 1000 / frames;
    }

    public void Dispose() => _listener.Dispose();
}
