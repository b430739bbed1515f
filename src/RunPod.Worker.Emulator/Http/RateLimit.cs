namespace RunPod.Worker.Emulator.Http;

/// <summary>So many requests in ten seconds, counted from the first. Thread-safe.</summary>
internal sealed class RateLimit(int most, TimeProvider timeProvider)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long _since = timeProvider.GetTimestamp();
    private int _count;

    /// <summary>Counts a request; false when there were too many.</summary>
    public bool TryPass()
    {
        lock (_gate)
        {
            var now = timeProvider.GetTimestamp();
            if (timeProvider.GetElapsedTime(_since, now) >= Window)
            {
                _since = now;
                _count = 0;
            }

            return ++_count <= most;
        }
    }
}
