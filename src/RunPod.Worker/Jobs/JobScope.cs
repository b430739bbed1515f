using System.Text.Json;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>The logging scope around everything that is done for a job.</summary>
internal static class JobScope
{
    public static IReadOnlyList<KeyValuePair<string, object?>> For(string jobId, JsonElement job = default) =>
        job.ValueKind == JsonValueKind.Object
        && job.TryGetProperty("batchId", out var batch)
        && JsonText.Of(batch) is { } batchId
            ? [new(RunPodLoggerProvider.RequestIdKey, jobId), new(RunPodLoggerProvider.BatchIdKey, batchId)]
            : [new(RunPodLoggerProvider.RequestIdKey, jobId)];
}
