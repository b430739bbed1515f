using System.Diagnostics.CodeAnalysis;

namespace RunPod.Worker.Jobs;

/// <summary>The token of one job, and the first reason for which it was cancelled.</summary>
internal sealed class JobCancellation : IAsyncDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly Lock _gate = new();
    private Task _cancelling = Task.CompletedTask;
    private bool _isDisposed;
    private volatile JobCancellationReason _reason;

    public JobCancellation() => Token = _source.Token;

    /// <summary>The handler's token.</summary>
    public CancellationToken Token { get; }

    public JobCancellationReason Reason => _reason;

    /// <summary>Cancels the token, unless that has happened already. Callbacks of the handler run elsewhere.</summary>
    public void Cancel(JobCancellationReason reason)
    {
        lock (_gate)
        {
            if (_isDisposed || _reason != JobCancellationReason.None)
            {
                return;
            }

            _reason = reason;
            _cancelling = _source.CancelAsync();
        }
    }

    [SuppressMessage("Usage", "VSTHRD003", Justification = "The task was started by this object, under its lock.")]
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isDisposed = true;
        }

        // What a handler's callback throws is no concern of the worker.
        await _cancelling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _source.Dispose();
    }
}
