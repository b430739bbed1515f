namespace VibeVoice.Server.Http.Speaking;

/// <summary>What ends a speech before its end: its client, the time that it may take, or the server's own end.</summary>
internal sealed class SpeechDeadline : IDisposable
{
    private readonly HttpOptions _options;
    private readonly ServerState _state;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _stop;

    /// <param name="options">How long it may take.</param>
    /// <param name="state">Of the server.</param>
    /// <param name="timeProvider">Measures the time, from now on.</param>
    /// <param name="client">Cancelled when the client leaves.</param>
    public SpeechDeadline(HttpOptions options, ServerState state, TimeProvider timeProvider, CancellationToken client)
    {
        _options = options;
        _state = state;
        _limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.RequestSeconds), timeProvider);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(client, state.Cut, _limit.Token);
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>What a client that is still there is told of an exception: why it was cancelled, or the exception itself.</summary>
    public Exception Explain(Exception exception) =>
        exception is not OperationCanceledException ? exception
        : _limit.IsCancellationRequested ? ApiException.OutOfTime(_options.RequestSeconds)
        : _state.Cut.IsCancellationRequested ? ApiException.NotReady(ServerPhase.Draining)
        : exception;

    public void Dispose()
    {
        _stop.Dispose();
        _limit.Dispose();
    }
}
