using Microsoft.Extensions.Logging;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Results;

/// <summary>
/// Posts results and pieces of streams until the platform has them. A result is minutes of paid work, and an outage of
/// the platform's front is usually shorter than the budget. Thread-safe.
/// </summary>
internal sealed partial class ResultPoster(RunPodHttp http, RunPodWorkerOptions options, ILogger logger)
{
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(100);

    /// <summary>Posts, and tries again for as long as the failure may pass and the budget lasts.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<PostOutcome> PostAsync(
        Uri uri,
        string jobId,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    )
    {
        var clock = options.TimeProvider;
        var started = clock.GetTimestamp();
        var backoff = new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(20));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string problem;
            var asked = TimeSpan.Zero;
            try
            {
                var reply = await http.PostAsync(uri, jobId, body, AttemptLimit, cancellationToken)
                    .ConfigureAwait(false);
                if (reply.IsSuccess)
                {
                    return PostOutcome.Delivered;
                }

                problem = $"RunPod answered {reply.Status}";
                if (!MayPass(reply.Status))
                {
                    return new PostOutcome(IsDelivered: false, reply.Status, problem);
                }

                asked = reply.RetryAfter ?? TimeSpan.Zero;
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException)
            {
                problem = e.Message.TrimEnd('.');
            }

            var wait = backoff.Next();
            wait = asked > wait && asked <= TimeSpan.FromMinutes(1) ? asked : wait;
            if (clock.GetElapsedTime(started) + wait > options.PostRetryBudget)
            {
                return new PostOutcome(IsDelivered: false, RefusedStatus: null, problem);
            }

            Log.TryingAgain(logger, jobId, problem, wait.TotalSeconds);
            await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Only a refusal (4xx) is for good, and not all of those.</summary>
    private static bool MayPass(int status) => status is < 400 or 408 or 425 or 429 or >= 500;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A post for job {JobId} failed: {Problem}. Next try in {Seconds:0.0} s.")]
        public static partial void TryingAgain(ILogger logger, string jobId, string problem, double seconds);
    }
}
