using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace VibeVoice;

/// <summary>What the library tells whoever listens to its meter, with <see cref="MeterListener"/> or OpenTelemetry.</summary>
/// <remarks>Thread-safe. Nothing is measured while nobody listens, and there is nothing to dispose.</remarks>
public static class VibeVoiceMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "VibeVoice";

    /// <summary>
    /// A histogram, in seconds: how long one part of a frame took. Its tag <see cref="PartTag"/> says which:
    /// <c>text</c> (both language models read a window of text, every sixth frame while there is text), <c>sampler</c>,
    /// <c>decoder</c>, or <c>speech_step</c> (the latent is fed back). Streams that are computed together count as one. The last
    /// two may run at once; how long they did is counted in both, and told once more as <c>at_once</c>.
    /// </summary>
    public const string PartDuration = "vibevoice.part.duration";

    /// <summary>The tag of <see cref="PartDuration"/>.</summary>
    public const string PartTag = "part";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Histogram<double> Parts = Meter.CreateHistogram<double>(
        PartDuration,
        "s",
        "Time that one part of a frame took."
    );

    /// <summary>Tells how long two intervals, of <see cref="Stopwatch.GetTimestamp"/>, were at once.</summary>
    internal static void TellOverlap((long Begun, long Ended) one, (long Begun, long Ended) other)
    {
        var (begun, ended) = (Math.Max(one.Begun, other.Begun), Math.Min(one.Ended, other.Ended));
        if (ended > begun && Parts.Enabled)
        {
            Tell("at_once", Stopwatch.GetElapsedTime(begun, ended));
        }
    }

    internal static Timing Time(string part) => new(part, Parts.Enabled ? Stopwatch.GetTimestamp() : 0);

    private static void Tell(string part, TimeSpan time) =>
        Parts.Record(time.TotalSeconds, new KeyValuePair<string, object?>(PartTag, part));

    /// <summary>Ends with the part that it times.</summary>
    internal readonly struct Timing(string part, long begun) : IDisposable
    {
        public void Dispose()
        {
            if (begun != 0)
            {
                Tell(part, Stopwatch.GetElapsedTime(begun));
            }
        }
    }
}
