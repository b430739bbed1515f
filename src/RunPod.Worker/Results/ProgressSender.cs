using Microsoft.Extensions.Logging;
using RunPod.Worker.Jobs;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Results;

/// <summary>
/// Sends the progress of one job: one post at a time, the newest only, not too often. Progress goes to the same URL as the
/// result, so one that arrived after it would put the job back to work for good: <see cref="DisposeAsync"/> comes first.
/// </summary>
internal sealed partial class ProgressSender(
    RunPodHttp http,
    RunPodUrls urls,
    RunningJob job,
    RunPodWorkerOptions options,
    ILogger logger
) : IAsyncDisposable
{
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private ReadOnlyMemory<byte>? _pending;
    private Task _sending = Task.CompletedTask;
    private bool _isSending;
    private bool _isClosed;

    /// <summary>Takes an update, in place of one that still waits.</summary>
    public void Send(ReadOnlyMemory<byte> body)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _pending = body;
            if (!_isSending)
            {
                _isSending = true;
                _sending = Task.Run(SendAllAsync);
            }
        }
    }

    /// <summary>Drops what waits, and waits for what is on its way.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
            _pending = null;
        }

        // Most jobs report nothing, and most jobs must be quick.
        return _sending == Task.CompletedTask ? ValueTask.CompletedTask : CloseAsync(_sending);
    }

    private async ValueTask CloseAsync(Task sending)
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        _closing.Dispose();
    }

    private async Task SendAllAsync()
    {
        try
        {
            while (TakePending() is { } body)
            {
                await SendOnceAsync(body).ConfigureAwait(false);
                await Task.Delay(options.ProgressInterval, options.TimeProvider, _closing.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Closed, or stopped by the client: nothing more is sent.
        }
    }

    /// <summary>One try is enough: the next update says more. A close does not abort it: it may have arrived.</summary>
    private async Task SendOnceAsync(ReadOnlyMemory<byte> body)
    {
        try
        {
            var uri = urls.Result(job.Id, isStream: false);
            var reply = await http.PostAsync(uri, job.Id, body, AttemptLimit, job.Stopped).ConfigureAwait(false);
            if (!reply.IsSuccess)
            {
                Log.Lost(logger, job.Id, $"RunPod answered {reply.Status}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException)
        {
            Log.Lost(logger, job.Id, e.Message.TrimEnd('.'));
        }
    }

    private ReadOnlyMemory<byte>? TakePending()
    {
        lock (_gate)
        {
            var pending = job.Stopped.IsCancellationRequested ? null : _pending;
            _pending = null;
            _isSending = pending is not null;
            return pending;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "A progress update of job {JobId} was lost: {Problem}.")]
        public static partial void Lost(ILogger logger, string jobId, string problem);
    }
}
