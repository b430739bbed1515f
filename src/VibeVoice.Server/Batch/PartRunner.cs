using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>Takes one part from wherever it stands to its audio: sent, looked after, fetched, tried again.</summary>
internal sealed partial class PartRunner(
    EndpointClient client,
    WorkFolder folder,
    PartFetcher fetcher,
    JobTemplate template,
    BatchOptions options,
    TimeProvider timeProvider,
    ILogger<PartRunner> logger
)
{
    private static readonly TimeSpan FirstPoll = TimeSpan.FromSeconds(0.5);

    /// <summary>Results are kept for half an hour after their jobs end, and 2,000 questions in ten seconds are allowed.</summary>
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(5);

    /// <summary>Returns when the part is done, or given up for this run.</summary>
    /// <param name="cancellationToken">Leaves the job where it is, remembered.</param>
    /// <exception cref="EndpointFailure">The endpoint refuses this and every other job.</exception>
    /// <exception cref="SpeechFailedException">It cannot be reached, or refuses what all parts have in common.</exception>
    public async Task RunAsync(BookPart part, CancellationToken cancellationToken)
    {
        // A job of an earlier run is not one of this run's attempts.
        var attempt = folder.Get(part).JobId is null ? 0 : -1;
        while (true)
        {
            attempt++;
            var jobId = folder.Get(part).JobId ?? await SubmitAsync(part, cancellationToken);
            try
            {
                var output = await FollowAsync(jobId, cancellationToken);
                var audio = await fetcher.FetchAsync(part, output.Output, cancellationToken);
                await folder.SetAsync(
                    part,
                    folder.Get(part) with
                    {
                        State = PartState.Done,
                        JobId = null,
                        Error = null,
                        Audio = audio,
                    }
                );
                return;
            }
            catch (PartFailedException failure)
            {
                if (failure.RefusedField is { } field && field != SpeechFieldNames.Job.Text)
                {
                    await RememberAsync(part, PartState.Failed, failure);
                    throw new SpeechFailedException(
                        $"The endpoint refuses what all parts have in common: {failure.Message}",
                        failure
                    );
                }

                var isGivenUp = attempt >= options.Attempts || failure.RefusedField is not null;
                await RememberAsync(part, isGivenUp ? PartState.Failed : PartState.Pending, failure);
                if (isGivenUp)
                {
                    return; // told at the end, with the others
                }

                Log.Failed(logger, part.Name, failure.Message);
            }
        }
    }

    private async Task<string> SubmitAsync(BookPart part, CancellationToken cancellationToken)
    {
        var jobId = await client.RunAsync(template.Input(part.Text), cancellationToken);
        var record = folder.Get(part);
        await folder.SetAsync(
            part,
            record with
            {
                State = PartState.Submitted,
                JobId = jobId,
                Attempts = record.Attempts + 1,
            }
        );
        return jobId;
    }

    private async Task<JobStatus> FollowAsync(string jobId, CancellationToken cancellationToken)
    {
        for (var pause = FirstPoll; ; pause = pause * 1.5 < LongestPoll ? pause * 1.5 : LongestPoll)
        {
            var status =
                await client.GetStatusAsync(jobId, cancellationToken)
                ?? throw new PartFailedException(
                    $"The endpoint knows no job '{jobId}' any more: its result has expired."
                );
            if (status.IsCompleted)
            {
                return status;
            }

            if (status.HasFailed)
            {
                var error = status.Error ?? "It told no reason.";
                throw new PartFailedException(status.State == "FAILED" ? error : $"The job is {status.State}. {error}")
                {
                    RefusedField = JobRefusal.FieldOf(error),
                };
            }

            await Task.Delay(pause, timeProvider, cancellationToken);
        }
    }

    private Task RememberAsync(BookPart part, PartState state, PartFailedException failure) =>
        folder.SetAsync(part, folder.Get(part) with { State = state, JobId = null, Error = failure.Message });

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The job of {Part} came to nothing, and is sent again: {Reason}")]
        public static partial void Failed(ILogger logger, string part, string reason);
    }
}
