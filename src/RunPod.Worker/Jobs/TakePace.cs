using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>
/// How long to wait before the next take. The platform holds an empty take back, so normally not at all; but a platform
/// in trouble answers at once, and must not be asked thousands of times a second.
/// </summary>
internal sealed class TakePace(TimeProvider timeProvider)
{
    /// <summary>Refusals may be a moment's confusion on the other side; for this long they are taken for that.</summary>
    public static readonly TimeSpan RefusalLimit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BusyWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(500), LongestWait);
    private long? _refusedSince;

    /// <summary>Whether the platform has refused this worker for so long that it will not change its mind.</summary>
    public bool IsRefusedForGood => _refusedSince is { } since && timeProvider.GetElapsedTime(since) >= RefusalLimit;

    /// <param name="verdict">What the last take brought.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="retryAfter">The wait that the platform asked for, if it did.</param>
    public TimeSpan WaitAfter(TakeVerdict verdict, TimeSpan elapsed, TimeSpan? retryAfter)
    {
        _refusedSince = verdict == TakeVerdict.Refused ? _refusedSince ?? timeProvider.GetTimestamp() : null;
        switch (verdict)
        {
            case TakeVerdict.Jobs:
                _backoff.Reset();
                return TimeSpan.Zero;
            case TakeVerdict.Empty:
                _backoff.Reset();
                return elapsed < ShortestPoll ? ShortestPoll - elapsed : TimeSpan.Zero;
            case TakeVerdict.Busy:
                return retryAfter > BusyWait
                    ? TimeSpan.FromSeconds(Math.Min(60, retryAfter.Value.TotalSeconds))
                    : BusyWait;
            default:
                return _backoff.Next();
        }
    }
}
