namespace VibeVoice.Server.Http;

/// <summary>Whether the server can speak yet, and how it stops: what runs may end, and nothing new begins.</summary>
/// <remarks>Safe to use from many threads.</remarks>
internal sealed class ServerState : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _draining = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;

    public ServerPhase Phase { get; private set; } = ServerPhase.Loading;

    /// <summary>Cancelled when running requests have had their time to end.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>Ends when it can speak.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Done when the server begins to stop.</summary>
    public Task Draining => _draining.Task;

    public void BecomeReady()
    {
        lock (_lock)
        {
            if (Phase == ServerPhase.Loading)
            {
                Phase = ServerPhase.Ready;
                _ready.SetResult();
            }
        }
    }

    /// <exception cref="ApiException">The server does not speak yet, or no more.</exception>
    public void EnsureReady()
    {
        if (Phase is not ServerPhase.Ready and var phase)
        {
            throw ApiException.NotReady(phase);
        }
    }

    /// <summary>Counts a request that speaks until what is returned is disposed.</summary>
    /// <exception cref="ApiException">The server does not speak yet, or no more.</exception>
    public IDisposable Enter()
    {
        lock (_lock)
        {
            if (Phase != ServerPhase.Ready)
            {
                throw ApiException.NotReady(Phase);
            }

            _running++;
            return new Running(this);
        }
    }

    /// <summary>Refuses new requests, waits for those that run, and cuts them when the time is up.</summary>
    public async Task DrainAsync(TimeSpan limit, TimeProvider timeProvider)
    {
        lock (_lock)
        {
            Phase = ServerPhase.Draining;
            if (_running == 0)
            {
                _idle.TrySetResult();
            }
        }

        _draining.TrySetResult();
        try
        {
            await _idle.Task.WaitAsync(limit, timeProvider);
        }
        catch (TimeoutException)
        {
            await _cut.CancelAsync();
        }
    }

    public void Dispose() => _cut.Dispose();

    private void Leave()
    {
        lock (_lock)
        {
            _running--;
            if (_running == 0 && Phase == ServerPhase.Draining)
            {
                _idle.TrySetResult();
            }
        }
    }

    private sealed class Running(ServerState state) : IDisposable
    {
        public void Dispose() => state.Leave();
    }
}

internal enum ServerPhase
{
    Loading,
    Ready,
    Draining,
}
