using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models;

/// <summary>Tries again what a network may get wrong, and tells in the end what it was.</summary>
/// <param name="endpoint">The hub, for messages.</param>
/// <param name="attempts">How often a request is made before its failure is told.</param>
/// <param name="timeProvider">Times the pauses.</param>
internal sealed class HubRetry(Uri endpoint, int attempts, TimeProvider timeProvider)
{
    public const int UsualAttempts = 5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);

    /// <summary>The hub counts requests in windows of five minutes: what asks for more will not be waited for.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>Runs <paramref name="attempt"/> until it succeeds.</summary>
    /// <param name="attempt">Told whether it got anywhere: then the count of failures in a row starts again.</param>
    /// <param name="cancellationToken">Ends attempts and pauses.</param>
    /// <exception cref="SpeechFailedException">It failed for good, or too often.</exception>
    public async Task<T> RunAsync<T>(Func<Action, Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
        {
            Exception failure;
            try
            {
                return await attempt(() => failures = 0);
            }
            catch (HubFailure exception)
            {
                failure = exception;
            }
            catch (Exception exception) when (IsOfTheNetwork(exception, cancellationToken))
            {
                failure = exception;
            }

            var pause = PauseAfter(failures, failure);
            if (failures >= attempts || pause is null)
            {
                throw new SpeechFailedException(Describe(failure), failure);
            }

            await Task.Delay(pause.Value, timeProvider, cancellationToken);
        }
    }

    public Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken) =>
        RunAsync(_ => attempt(), cancellationToken);

    private static bool IsOfTheNetwork(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or HttpIOException or TimeoutException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static TimeSpan? PauseAfter(int failures, Exception failure)
    {
        var pause = FirstPause * Math.Pow(2, Math.Max(0, failures - 1));
        if (failure is not HubFailure answer)
        {
            return pause;
        }

        return !answer.IsTransient || answer.RetryAfter > LongestPause ? null
            : answer.RetryAfter > pause ? answer.RetryAfter
            : pause;
    }

    private string Describe(Exception failure) =>
        failure is HubFailure
            ? failure.Message
            : $"The model hub at {endpoint} cannot be reached: {failure.Message} Check the network, or set HF_ENDPOINT to a "
                + "mirror, or MODEL_PATH to a folder that holds the model.";
}
