using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>Runs the handler for one job and turns whatever it does into what the client is told.</summary>
internal sealed partial class JobExecution(
    JobHandler handler,
    JobContext context,
    JobCancellation cancellation,
    RunPodWorkerOptions options,
    ILogger logger
)
{
    /// <summary>The documented limit for a piece of a stream.</summary>
    private const int LargestPiece = 1024 * 1024;

    private bool _isStream;

    /// <summary>Ends when the handler has returned, which may be after its job was answered.</summary>
    public Task HandlerEnded { get; private set; } = Task.CompletedTask;

    private bool IsRefresh => options.RefreshWorker || context.IsRefreshRequested;

    /// <summary>Runs the job; null means that the client gave it up and nothing must be said.</summary>
    /// <param name="postPiece">Delivers a piece of a stream; without it, pieces are collected.</param>
    public async Task<JobOutcome?> RunAsync(Func<ReadOnlyMemory<byte>, CancellationToken, Task>? postPiece)
    {
        if (cancellation.Reason != JobCancellationReason.None)
        {
            return WhenCancelled();
        }

        if (context.Input.ValueKind == JsonValueKind.Undefined)
        {
            Log.NoInput(logger, context.Id);
            return JobOutcome.Error("The job has no 'input'; send {\"input\": …}.", isRefresh: false);
        }

        using var timer = options.JobTimeout is { } limit
            ? options.TimeProvider.CreateTimer(
                _ => cancellation.Cancel(JobCancellationReason.TimedOut),
                state: null,
                limit,
                Timeout.InfiniteTimeSpan
            )
            : null;
        var work = Task.Run(() => ProduceAsync(postPiece), CancellationToken.None);
        HandlerEnded = work;
        await ((Task)work).WaitAsync(cancellation.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!work.IsCompleted)
        {
            await ((Task)work)
                .WaitAsync(options.CancellationGrace, options.TimeProvider)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!work.IsCompleted)
        {
            Log.HandlerIgnoresCancellation(logger, context.Id, cancellation.Reason);
            return WhenCancelled();
        }

        return await work.ConfigureAwait(false);
    }

    private async Task<JobOutcome?> ProduceAsync(Func<ReadOnlyMemory<byte>, CancellationToken, Task>? postPiece)
    {
        JobOutcome? outcome;
        try
        {
            var started = options.TimeProvider.GetUtcNow();
            var result = await handler(context, cancellation.Token).ConfigureAwait(false);
            outcome = result switch
            {
                JobResult.Value value => JobOutcome.Output(
                    options.Flags.IsDebugging
                        ? DebugFacts.AddTo(value.Utf8Json, started, options.TimeProvider.GetUtcNow())
                        : value.Utf8Json,
                    IsRefresh
                ),
                JobResult.Failure failure => ReadFailure(failure),
                JobResult.Pieces pieces => await StreamAsync(pieces.Utf8JsonValues, postPiece).ConfigureAwait(false),
                _ => throw new InvalidOperationException("The handler returned null where a JobResult was expected."),
            };
        }
        catch (Exception e)
            when (e is JobFailedException or PieceUndeliverableException
                && cancellation.Reason == JobCancellationReason.None
            )
        {
            outcome = JobOutcome.Error(e.Message, IsRefresh);
        }
        catch (Exception e)
        {
            // A cancelled handler may fail in many ways, a killed child process for one: the reason is what counts.
            if (cancellation.Reason != JobCancellationReason.None)
            {
                Log.EndedByCancellation(logger, e, context.Id, cancellation.Reason);
                return WhenCancelled();
            }

            outcome = JobOutcome.Error(Unexpected(e), IsRefresh);
        }

        // A handler that finished although the worker wants to stop has earned its answer.
        return cancellation.Reason is JobCancellationReason.StoppedByClient or JobCancellationReason.TimedOut
            ? WhenCancelled()
            : outcome with
            {
                IsStream = _isStream,
            };
    }

    private async Task<JobOutcome> StreamAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> values,
        Func<ReadOnlyMemory<byte>, CancellationToken, Task>? postPiece
    )
    {
        _isStream = true;
        var collected = new List<ReadOnlyMemory<byte>>();
        var count = 0;
        await foreach (var value in values.WithCancellation(cancellation.Token).ConfigureAwait(false))
        {
            count++;
            var output = JobOutput.Read(value);
            if (output.Error is { } error)
            {
                return JobOutcome.Error(error, IsRefresh || output.IsRefresh);
            }

            if (output.IsRefresh)
            {
                context.RequestRefresh();
                if (output.Json is null)
                {
                    continue; // it said nothing else
                }
            }

            var piece = output.IsRefresh ? output.Json!.Value : value;
            if (postPiece is null || options.AggregateStreams)
            {
                collected.Add(piece.ToArray()); // the handler may use its buffer again
            }

            if (postPiece is null)
            {
                continue;
            }

            var body = JobBody.Output(piece);
            if (body.Length > LargestPiece)
            {
                throw new PieceUndeliverableException(
                    $"Piece {count} of the stream has {body.Length} bytes, but RunPod takes {LargestPiece} at most; "
                        + "the worker must send smaller pieces."
                );
            }

            await postPiece(body, cancellation.Token).ConfigureAwait(false);
        }

        return JobOutcome.Output(JobBody.List(collected), IsRefresh);
    }

    private JobOutcome ReadFailure(JobResult.Failure failure)
    {
        if (failure.Cause is { } cause)
        {
            Log.ResultUnwritable(logger, cause, context.Id);
        }

        return JobOutcome.Error(failure.Error, IsRefresh);
    }

    private string Unexpected(Exception exception)
    {
        var errorId = Guid.NewGuid().ToString("N")[..8];
        Log.HandlerFailed(logger, exception, context.Id, errorId);
        return options.ErrorDetails == JobErrorDetails.Full
            ? HandlerError.Full(exception, options)
            : HandlerError.Hidden(errorId);
    }

    private JobOutcome? WhenCancelled()
    {
        var error = cancellation.Reason switch
        {
            JobCancellationReason.StoppedByClient => null,
            JobCancellationReason.TimedOut => string.Create(
                CultureInfo.InvariantCulture,
                $"The job took longer than {options.JobTimeout?.TotalSeconds:0.###} seconds, the limit of this worker, and was cancelled."
            ),
            _ => "The worker was asked to stop and could not finish this job in time; please send it again.",
        };
        return error is null ? null : JobOutcome.Error(error, IsRefresh) with { IsStream = _isStream };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Job {JobId} failed with an unexpected exception, error {ErrorId}.")]
        public static partial void HandlerFailed(ILogger logger, Exception exception, string jobId, string errorId);

        [LoggerMessage(2, LogLevel.Error, "Job {JobId}: the result cannot be written as JSON.")]
        public static partial void ResultUnwritable(ILogger logger, Exception exception, string jobId);

        [LoggerMessage(3, LogLevel.Debug, "Job {JobId} ended after its cancellation ({Reason}).")]
        public static partial void EndedByCancellation(
            ILogger logger,
            Exception exception,
            string jobId,
            JobCancellationReason reason
        );

        [LoggerMessage(5, LogLevel.Error, "Job {JobId} has no 'input' and is answered with an error.")]
        public static partial void NoInput(ILogger logger, string jobId);

        [LoggerMessage(4, LogLevel.Error, "Job {JobId}: the handler goes on after its cancellation ({Reason}).")]
        public static partial void HandlerIgnoresCancellation(
            ILogger logger,
            string jobId,
            JobCancellationReason reason
        );
    }
}
