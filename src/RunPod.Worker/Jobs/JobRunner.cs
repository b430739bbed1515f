using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Protocol;
using RunPod.Worker.Results;

namespace RunPod.Worker.Jobs;

/// <summary>Takes a job through its handler to its answer on the platform.</summary>
internal sealed partial class JobRunner(
    JobHandler handler,
    RunPodWorkerOptions options,
    RunPodHttp http,
    RunPodUrls urls,
    ResultPoster poster,
    ILogger logger,
    CancellationToken workerStopping,
    CancellationToken workerEnding
)
{
    /// <summary>
    /// Runs and answers a job; never throws, and every job that gets no answer leaves a line in the log. The task ends
    /// when the handler has returned, which may be later than the answer.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="events">Told how far it is.</param>
    [SuppressMessage("Design", "CA1031", Justification = "The job boundary: one job must not end the worker.")]
    public async Task RunAsync(RunningJob job, IJobEvents events)
    {
        using var scope = logger.BeginScope(JobScope.For(job.Id, job.Job.Job));
        using var folder = new JobFolder();
        var handlerEnded = Task.CompletedTask;
        try
        {
            var started = options.TimeProvider.GetTimestamp();
            var progress = new ProgressSender(http, urls, job, options, logger);
            var context = new JobContext(
                job.Job,
                urls.HasStream,
                job.Cancellation,
                progress.Send,
                folder,
                options,
                logger,
                workerStopping
            );
            var execution = new JobExecution(handler, context, job.Cancellation, options, logger);
            Log.Started(logger, job.Id);
            var outcome = await execution
                .RunAsync(urls.HasStream ? (body, token) => PostPieceAsync(job, body, token) : null)
                .ConfigureAwait(false);
            handlerEnded = execution.HandlerEnded;
            await progress.DisposeAsync().ConfigureAwait(false);
            if (outcome is not null)
            {
                if (outcome.IsRefresh)
                {
                    events.RefreshRequested(job);
                }

                await AnswerAsync(job, outcome, options.TimeProvider.GetElapsedTime(started)).ConfigureAwait(false);
            }
            else
            {
                Log.Stopped(logger, job.Id);
            }
        }
        catch (OperationCanceledException) when (job.Stopped.IsCancellationRequested)
        {
            Log.Stopped(logger, job.Id);
        }
        catch (OperationCanceledException) when (workerEnding.IsCancellationRequested)
        {
            // The session, which ends now, has said which jobs it gives up.
        }
        catch (Exception e)
        {
            Log.Broken(logger, e, job.Id);
        }

        events.Answered(job);
        if (!handlerEnded.IsCompleted)
        {
            await WaitForStuckAsync(job, handlerEnded, events).ConfigureAwait(false);
        }
    }

    /// <summary>A handler that ignores its token keeps its slot; for how long the worker puts up with it is limited.</summary>
    private async Task WaitForStuckAsync(RunningJob job, Task handlerEnded, IJobEvents events)
    {
        events.Abandoned(job);
        await handlerEnded
            .WaitAsync(options.StuckHandlerGrace, options.TimeProvider)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!handlerEnded.IsCompleted)
        {
            Log.Stuck(logger, job.Id, options.CancellationGrace + options.StuckHandlerGrace);
            events.Stuck(job);
        }

        await handlerEnded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Log.Unstuck(logger, job.Id);
    }

    private async Task AnswerAsync(RunningJob job, JobOutcome outcome, TimeSpan elapsed)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(job.Stopped, workerEnding);
        var uri = urls.Result(job.Id, outcome.IsStream);
        var post = await poster.PostAsync(uri, job.Id, outcome.Body, giveUp.Token).ConfigureAwait(false);
        if (post.RefusedStatus is { } status and (400 or 413))
        {
            Log.Refused(logger, job.Id, outcome.Body.Length, status);
            var error = JobOutcome.Error(
                $"RunPod refused the result of this job with status {status}: it has {outcome.Body.Length} bytes, and "
                    + "RunPod takes about 10 MB for /run and 20 MB for /runsync. Ask for a smaller result, or one that is "
                    + "stored elsewhere and returned as a link.",
                outcome.IsRefresh
            );
            outcome = error;
            post = await poster.PostAsync(uri, job.Id, error.Body, giveUp.Token).ConfigureAwait(false);
        }

        if (!post.IsDelivered)
        {
            Log.GivenUp(logger, job.Id, post.Problem);
        }
        else if (outcome.Succeeded)
        {
            Log.Finished(logger, job.Id, elapsed.TotalSeconds, outcome.Body.Length);
        }
        else
        {
            Log.Failed(logger, job.Id, elapsed.TotalSeconds);
        }
    }

    private async Task PostPieceAsync(RunningJob job, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken,
            job.Stopped,
            workerEnding
        );
        var post = await poster.PostAsync(urls.Stream(job.Id), job.Id, body, giveUp.Token).ConfigureAwait(false);
        if (!post.IsDelivered)
        {
            Log.PieceLost(logger, job.Id, body.Length, post.Problem);
            throw new PieceUndeliverableException(
                $"A piece of the stream ({body.Length} bytes) could not be delivered: {post.Problem}."
            );
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Job {JobId} started.")]
        public static partial void Started(ILogger logger, string jobId);

        [LoggerMessage(2, LogLevel.Information, "Job {JobId} finished after {Seconds:0.000} s, {Bytes} bytes.")]
        public static partial void Finished(ILogger logger, string jobId, double seconds, int bytes);

        [LoggerMessage(
            3,
            LogLevel.Information,
            "Job {JobId} failed after {Seconds:0.000} s; its client has the error."
        )]
        public static partial void Failed(ILogger logger, string jobId, double seconds);

        [LoggerMessage(
            4,
            LogLevel.Information,
            "Job {JobId} was stopped by its client; nothing more is posted for it."
        )]
        public static partial void Stopped(ILogger logger, string jobId);

        [LoggerMessage(5, LogLevel.Error, "Job {JobId}: RunPod refused a result of {Bytes} bytes with {Status}.")]
        public static partial void Refused(ILogger logger, string jobId, int bytes, int status);

        [LoggerMessage(6, LogLevel.Error, "Job {JobId} was given up without an answer: {Problem}.")]
        public static partial void GivenUp(ILogger logger, string jobId, string problem);

        [LoggerMessage(7, LogLevel.Error, "Job {JobId}: a stream piece of {Bytes} bytes was lost: {Problem}.")]
        public static partial void PieceLost(ILogger logger, string jobId, int bytes, string problem);

        [LoggerMessage(8, LogLevel.Critical, "Job {JobId} was given up without an answer: the worker itself failed.")]
        public static partial void Broken(ILogger logger, Exception exception, string jobId);

        [LoggerMessage(
            9,
            LogLevel.Critical,
            "Job {JobId}: its handler still runs {Grace} after its cancellation. The worker finishes its other jobs and ends, to be replaced."
        )]
        public static partial void Stuck(ILogger logger, string jobId, TimeSpan grace);

        [LoggerMessage(10, LogLevel.Warning, "Job {JobId}: its handler has returned after all.")]
        public static partial void Unstuck(ILogger logger, string jobId);
    }
}
