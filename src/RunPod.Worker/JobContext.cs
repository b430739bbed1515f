using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Jobs;
using RunPod.Worker.Logging;
using RunPod.Worker.Protocol;

namespace RunPod.Worker;

/// <summary>One job as its handler sees it. Members may be used from any thread.</summary>
public sealed class JobContext
{
    private readonly JobCancellation _cancellation;
    private readonly Action<ReadOnlyMemory<byte>> _sendProgress;
    private readonly JobFolder _folder;
    private readonly RunPodWorkerOptions _options;
    private readonly ILogger _logger;
    private volatile bool _isRefreshRequested;

    internal JobContext(
        TakenJob job,
        bool isStreamSupported,
        JobCancellation cancellation,
        Action<ReadOnlyMemory<byte>> sendProgress,
        JobFolder folder,
        RunPodWorkerOptions options,
        ILogger logger,
        CancellationToken workerStopping
    )
    {
        Id = job.Id;
        Job = job.Job;
        Input = job.Input;
        IsStreamSupported = isStreamSupported;
        WorkerStopping = workerStopping;
        (_cancellation, _sendProgress, _folder) = (cancellation, sendProgress, folder);
        (_options, _logger) = (options, logger);
    }

    /// <summary>The platform's id of the job; <c>local_test</c> for a job run locally that names none.</summary>
    public string Id { get; }

    /// <summary>What the client sent as <c>input</c>: any JSON.</summary>
    public JsonElement Input { get; }

    /// <summary>The whole job object as taken, unknown keys kept.</summary>
    public JsonElement Job { get; }

    /// <summary>Whether pieces of a streamed result reach the client one by one; otherwise they are collected.</summary>
    public bool IsStreamSupported { get; }

    /// <summary>Why the job's token was cancelled, if it was.</summary>
    public JobCancellationReason CancellationReason => _cancellation.Reason;

    /// <summary>Cancelled as soon as the worker is asked to stop. The job itself may go on until the drain deadline.</summary>
    public CancellationToken WorkerStopping { get; }

    /// <summary>
    /// Writes log lines that carry the job's id, from any thread. Loggers from elsewhere do so, too, in code that the
    /// handler calls or awaits.
    /// </summary>
    public ILogger Logger => field ??= new JobLogger(_logger, Job, Id);

    /// <summary>An empty folder of this job's own, made when first asked for and deleted after the job.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public string TempFolder => _folder.Path;

    internal bool IsRefreshRequested => _isRefreshRequested;

    /// <summary>
    /// Asks for a fresh worker after this job: its answer says so to RunPod, no more jobs are taken, those that run are
    /// finished, and the worker ends with code 0.
    /// </summary>
    public void RequestRefresh() => _isRefreshRequested = true;

    /// <summary>
    /// Shows <paramref name="progress"/> to clients that ask for the job's status. Returns at once: updates are sent in
    /// order and not too often, a newer one replaces one that waits, and none arrives after the result.
    /// </summary>
    public void ReportProgress(JsonNode progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        _sendProgress(JobBody.Progress(progress));
    }

    /// <summary>Shows <paramref name="progress"/> to clients that ask for the job's status, as the other overload does.</summary>
    /// <param name="progress">Any value.</param>
    /// <param name="typeInfo">How it is written as JSON.</param>
    public void ReportProgress<T>(T progress, JsonTypeInfo<T> typeInfo) =>
        _sendProgress(JobBody.Progress(JsonSerializer.SerializeToUtf8Bytes(progress, typeInfo)));

    /// <summary>
    /// Downloads a file that the client named into <see cref="TempFolder"/>, within
    /// <see cref="RunPodWorkerOptions.Downloads"/>.
    /// </summary>
    /// <param name="url">An absolute http or https URL.</param>
    /// <param name="cancellationToken">Gives the download up.</param>
    /// <exception cref="DownloadRejectedException">The URL leads where it must not, or to too much; told to the client.</exception>
    /// <exception cref="HttpRequestException">It could not be had.</exception>
    public Task<DownloadedFile> DownloadAsync(Uri url, CancellationToken cancellationToken = default) =>
        new FileDownloader(_options.Downloads, _options.TimeProvider).DownloadAsync(url, TempFolder, cancellationToken);
}
