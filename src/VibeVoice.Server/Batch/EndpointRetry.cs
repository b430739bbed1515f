using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>Asks again where a network or a busy server may be the reason, for minutes: jobs worth hours hang on it.</summary>
internal sealed partial class EndpointRetry(TimeProvider timeProvider, ILogger<EndpointRetry> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Longer than an endpoint's hiccup; an outage is better met by running the command again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Runs <paramref name="attempt"/> until it succeeds or ten minutes have passed.</summary>
    /// <param name="attempt">One request; it has a time limit of its own.</param>
    /// <param name="cancellationToken">Ends the pauses.</param>
    /// <exception cref="EndpointFailure">It failed for good.</exception>
    /// <exception cref="SpeechFailedException">It failed for too long.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        var begun = timeProvider.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            Exception failure;
            try
            {
                return await attempt();
            }
            catch (EndpointFailure exception) when (exception.IsTransient)
            {
                failure = exception;
            }
            catch (Exception exception) when (IsOfTheNetwork(exception) && !cancellationToken.IsCancellationRequested)
            {
                failure = exception;
            }

            var pause = PauseAfter(failures, failure);
            if (timeProvider.GetElapsedTime(begun) + pause > Patience)
            {
                throw new SpeechFailedException(
                    $"The endpoint API could not be used for {Patience.TotalMinutes} minutes: {failure.Message} The same "
                        + "command goes on from here.",
                    failure
                );
            }

            Log.Again(logger, failure.Message, pause.TotalSeconds);
            await Task.Delay(pause, timeProvider, cancellationToken);
        }
    }

    private static bool IsOfTheNetwork(Exception exception) =>
        exception is HttpRequestException or IOException or TimeoutException;

    private static TimeSpan PauseAfter(int failures, Exception failure)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(failures - 1, 10));
        pause = pause < LongestPause ? pause : LongestPause;
        return failure is EndpointFailure { RetryAfter: { } wanted } && wanted > pause ? wanted : pause;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Reason} Trying again in {Seconds:F1} s.")]
        public static partial void Again(ILogger logger, string reason, double seconds);
    }
}
