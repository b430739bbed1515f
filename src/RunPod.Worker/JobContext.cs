using System.Text.Json;
using System.Text.Json.Nodes;
using RunPod.Worker.Jobs;
using RunPod.Worker.Protocol;

namespace RunPod.Worker;

/// <summary>One job as its handler sees it. Members may be used from any thread.</summary>
public sealed class JobContext
{
    private readonly JobCancellation _cancellation;
    private readonly Action<ReadOnlyMemory<byte>> _sendProgress;

    internal JobContext(
        TakenJob job,
        bool isStreamSupported,
        JobCancellation cancellation,
        Action<ReadOnlyMemory<byte>> sendProgress,
        CancellationToken workerStopping
    )
    {
        Id = job.Id;
        Job = job.Job;
        Input = job.Input;
        IsStreamSupported = isStreamSupported;
        WorkerStopping = workerStopping;
        _cancellation = cancellation;
        _sendProgress = sendProgress;
    }

    /// <summary>The platform's id of the job; <c>local_test</c> for a job run locally that names none.</summary>
    public string Id { get; }

    /// <summary>What the client sent as <c>input</c>: any JSON; of undefined kind when the job has none.</summary>
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
    /// Shows <paramref name="progress"/> to clients that ask for the job's status. Returns at once: updates are sent in
    /// order and not too often, a newer one replaces one that waits, and none arrives after the result.
    /// </summary>
    public void ReportProgress(JsonNode progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        _sendProgress(JobBody.Progress(progress));
    }
}
