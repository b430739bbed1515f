using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Emulator.Jobs;

namespace RunPod.Worker.Emulator.Webhooks;

/// <summary>
/// Tells clients that their jobs have ended: one POST of the status document, and up to two more where the answer is not
/// 200. Thread-safe.
/// </summary>
internal sealed partial class WebhookSender(TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    private const int Attempts = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<Task, string> _sending = new();

    /// <summary>Starts to tell of a job's end, and returns at once.</summary>
    public void Send(Uri webhook, JobSnapshot job)
    {
        var sending = Task.Run(() => SendAsync(webhook, job));
        _sending.TryAdd(sending, job.Id);
        _ = sending.ContinueWith(
            (ended, _) => _sending.TryRemove(ended, out var _),
            state: null,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    /// <summary>Gives up what was not delivered, a line in the log for each.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_sending.Keys).ConfigureAwait(false);
        _client.Dispose();
        _closing.Dispose();
    }

    private async Task SendAsync(Uri webhook, JobSnapshot job)
    {
        var problem = "the emulator ends";
        try
        {
            for (var attempt = 1; attempt <= Attempts; attempt++)
            {
                if (attempt > 1)
                {
                    await Task.Delay(Pause, timeProvider, _closing.Token).ConfigureAwait(false);
                }

                problem = await PostAsync(webhook, job).ConfigureAwait(false);
                if (problem.Length == 0)
                {
                    return;
                }

                Log.Failed(logger, job.Id, attempt, Attempts, problem);
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // Told below.
        }

        Log.GivenUp(logger, job.Id, problem);
    }

    /// <summary>One POST; an empty problem means that it arrived.</summary>
    private async Task<string> PostAsync(Uri webhook, JobSnapshot job)
    {
        using var limit = new CancellationTokenSource(AttemptLimit, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closing.Token);
        using var content = new ReadOnlyMemoryContent(job.ToStatus());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var response = await _client.PostAsync(webhook, content, either.Token).ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.OK ? "" : $"it answered {(int)response.StatusCode}";
        }
        catch (HttpRequestException exception)
        {
            return exception.Message.TrimEnd('.');
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return $"no answer came within {AttemptLimit.TotalSeconds} s";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Job {JobId}: webhook, attempt {Attempt} of {Attempts}: {Problem}.")]
        public static partial void Failed(ILogger logger, string jobId, int attempt, int attempts, string problem);

        [LoggerMessage(2, LogLevel.Error, "Job {JobId}: the webhook was given up: {Problem}.")]
        public static partial void GivenUp(ILogger logger, string jobId, string problem);
    }
}
