namespace VibeVoice.Tests.Generation.Scheduling;

/// <summary>Holds up calls of a <see cref="FakeEngine"/> until it is opened.</summary>
internal sealed class CallGate(Predicate<FakeCall> holds) : IDisposable
{
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly ManualResetEventSlim _open = new();

    /// <summary>To be called inside each call.</summary>
    public void Pass(FakeCall call)
    {
        if (!_open.IsSet && holds(call))
        {
            _arrived.Release();
            _open.Wait(TimeSpan.FromSeconds(30)).ShouldBeTrue();
        }
    }

    /// <summary>Waits until a call is held up.</summary>
    public async Task ArriveAsync(CancellationToken cancellationToken) =>
        (await _arrived.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken)).ShouldBeTrue();

    public void Open() => _open.Set();

    public void Dispose()
    {
        Open();
        _arrived.Dispose();
    }
}
