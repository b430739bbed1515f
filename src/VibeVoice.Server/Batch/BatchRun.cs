using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>Takes all parts of a plan to their audio, several at once.</summary>
internal sealed partial class BatchRun(
    BatchPlan plan,
    WorkFolder folder,
    PartRunner runner,
    EndpointClient client,
    BatchOptions options,
    ILogger<BatchRun> logger
)
{
    /// <summary>Returns when every part is done or given up.</summary>
    /// <exception cref="OperationCanceledException">It was stopped; what was sent is remembered.</exception>
    /// <exception cref="SpeechFailedException">Nothing more can be done for any part.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task>();
        try
        {
            var parts = await FindOpenAsync(cancellationToken);
            foreach (var part in parts)
            {
                // Jobs of an earlier run are all looked after at once: their results do not wait for ever.
                while (running.Count >= options.Parallel && folder.Get(part).JobId is null)
                {
                    await NextAsync();
                }

                running.Add(runner.RunAsync(part, stop.Token));
            }

            while (running.Count > 0)
            {
                await NextAsync();
            }
        }
        catch (EndpointFailure failure)
        {
            throw new SpeechFailedException(failure.Message, failure);
        }
        finally
        {
            // Where all went well, nothing runs any more.
            await stop.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (options.CancelOnStop)
            {
                await CancelAsync();
            }
        }

        async Task NextAsync()
        {
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            await ended;
        }
    }

    /// <summary>The parts that are not done, those with a job first; a file that is not what was fetched is made again.</summary>
    private async Task<IReadOnlyList<BookPart>> FindOpenAsync(CancellationToken cancellationToken)
    {
        var open = new List<BookPart>();
        foreach (var part in plan.Jobs)
        {
            var record = folder.Get(part);
            if (record.Audio is { } audio && !await folder.IsIntactAsync(audio, cancellationToken))
            {
                Log.Broken(logger, part.Name);
                record = record with { State = PartState.Pending, Audio = null };
                await folder.SetAsync(part, record);
            }

            if (record.Audio is null)
            {
                open.Add(part);
            }
        }

        return [.. open.OrderByDescending(part => folder.Get(part).JobId is not null)];
    }

    private async Task CancelAsync()
    {
        foreach (var part in plan.Jobs)
        {
            if (folder.Get(part) is not { JobId: { } jobId } record)
            {
                continue;
            }

            try
            {
                await client.CancelAsync(jobId, CancellationToken.None);
                await folder.SetAsync(part, record with { State = PartState.Pending, JobId = null });
            }
            catch (Exception exception) when (exception is EndpointFailure or HttpRequestException or TimeoutException)
            {
                // It stays remembered, and the next run picks it up or finds it cancelled.
                Log.NotCancelled(logger, part.Name, exception.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The file of {Part} is gone or not what was fetched; it is made again.")]
        public static partial void Broken(ILogger logger, string part);

        [LoggerMessage(LogLevel.Warning, "The job of {Part} could not be cancelled: {Reason}")]
        public static partial void NotCancelled(ILogger logger, string part, string reason);
    }
}
