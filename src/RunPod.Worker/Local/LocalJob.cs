using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RunPod.Worker.Jobs;
using RunPod.Worker.Protocol;

namespace RunPod.Worker;

/// <summary>Runs a job without the platform, as a developer does to try a handler.</summary>
public static partial class LocalJob
{
    private const string DefaultId = "local_test";

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1000 };

    /// <summary>Runs one job as the platform would; the pieces of a stream are collected into one list.</summary>
    /// <param name="job">The job: <c>{"id"?, "input"}</c>.</param>
    /// <param name="handler">Does it.</param>
    /// <param name="options">The limits, and where log lines go (nowhere if not said); nothing of the platform is used.</param>
    /// <param name="cancellationToken">Gives the job up.</param>
    /// <exception cref="OperationCanceledException">The job was given up.</exception>
    public static async Task<LocalJobResult> RunAsync(
        JsonElement job,
        JobHandler handler,
        RunPodWorkerOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(options);
        if (job.ValueKind != JsonValueKind.Object)
        {
            return Rejected($"The job is a JSON {job.ValueKind}, but must be an object like {{\"input\": {{…}}}}.");
        }

        if (!job.TryGetProperty("input", out var input) || input.ValueKind == JsonValueKind.Null)
        {
            return Rejected("The job has no 'input'; write it as {\"input\": {…}}.");
        }

        var hasId = job.TryGetProperty("id", out var id);
        var taken = new TakenJob((hasId ? JsonText.Of(id) : null) ?? DefaultId, job.Clone());
        var logger = options.LoggerFactory?.CreateLogger(typeof(LocalJob)) ?? NullLogger.Instance;
        using var scope = logger.BeginScope(JobScope.For(taken.Id, taken.Job));
        using var folder = new JobFolder();
        var cancellation = new JobCancellation();
        await using var _ = cancellation.ConfigureAwait(false);
        using var registration = cancellationToken.Register(() =>
            cancellation.Cancel(JobCancellationReason.StoppedByClient)
        );
        var context = new JobContext(
            taken,
            isStreamSupported: true,
            cancellation,
            body => Log.Progress(logger, body.Length),
            folder,
            options,
            logger,
            cancellationToken
        );
        var execution = new JobExecution(handler, context, cancellation, options, logger);
        var outcome = await execution.RunAsync(postPiece: null).ConfigureAwait(false);
        if (outcome is null)
        {
            throw new OperationCanceledException(cancellationToken);
        }

        return new LocalJobResult(
            outcome.Succeeded,
            JsonNode.Parse(outcome.Body.Span, documentOptions: Deep)!.AsObject()
        );
    }

    private static LocalJobResult Rejected(string error) => new(Succeeded: false, new JsonObject { ["error"] = error });

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "The job reported progress of {Bytes} bytes.")]
        public static partial void Progress(ILogger logger, int bytes);
    }
}
