using System.Globalization;

namespace EchoWorker;

/// <summary>What the environment says: <c>ECHO_STREAM</c> and <c>ECHO_CONCURRENCY</c>.</summary>
internal sealed record EchoSettings(bool Streams, int Concurrency)
{
    public static EchoSettings FromEnvironment()
    {
#pragma warning disable RS0030 // The one place of this sample where settings come in.
        var streams = Environment.GetEnvironmentVariable("ECHO_STREAM");
        var concurrency = Environment.GetEnvironmentVariable("ECHO_CONCURRENCY");
#pragma warning restore RS0030
        // A number that is none becomes 0, which the worker refuses with a sentence.
        var jobsAtOnce = int.TryParse(concurrency, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return new EchoSettings(
            streams is "1",
            string.IsNullOrEmpty(concurrency) ? 1
                : jobsAtOnce ? number
                : 0
        );
    }
}
