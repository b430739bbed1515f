using System.Security.Cryptography;

namespace RunPod.Worker.Protocol;

/// <summary>Waits that double from one failure to the next, with jitter so that many workers do not return at once.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private int _failures;

    /// <summary>The wait before the next attempt: between half and all of the doubled wait.</summary>
    public TimeSpan Next()
    {
        var doubled = first * Math.Pow(2, Math.Min(_failures++, 20));
        return Jitter(doubled < longest ? doubled : longest);
    }

    public void Reset() => _failures = 0;

    /// <summary>Between half and all of <paramref name="wait"/>.</summary>
    public static TimeSpan Jitter(TimeSpan wait) => wait * (0.5 + (RandomNumberGenerator.GetInt32(0, 501) / 1000.0));
}
