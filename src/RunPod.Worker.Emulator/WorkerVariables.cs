using System.Globalization;

namespace RunPod.Worker.Emulator;

/// <summary>
/// The variables that RunPod would set in a worker's container. RUNPOD_ENDPOINT_ID is not among them: with it, workers
/// write their logs as JSON.
/// </summary>
internal static class WorkerVariables
{
    /// <param name="options">The endpoint.</param>
    /// <param name="baseUrl">Where the worker reaches the emulator, up to and with /v2.</param>
    /// <param name="workerId">The worker's name; null: a new one.</param>
    public static IReadOnlyDictionary<string, string?> For(
        RunPodEmulatorOptions options,
        string baseUrl,
        string? workerId
    )
    {
        var endpoint = $"{baseUrl}/{options.EndpointId}";
        var interval = (int)options.HeartbeatInterval.TotalMilliseconds;
        return new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["RUNPOD_WEBHOOK_GET_JOB"] = $"{endpoint}/job-take/$ID?gpu=local",
            ["RUNPOD_WEBHOOK_POST_OUTPUT"] = $"{endpoint}/job-done/$RUNPOD_POD_ID/$ID?gpu=local",
            ["RUNPOD_WEBHOOK_POST_STREAM"] = $"{endpoint}/job-stream/$RUNPOD_POD_ID/$ID?gpu=local",
            ["RUNPOD_WEBHOOK_PING"] = $"{endpoint}/ping/$RUNPOD_POD_ID",
            ["RUNPOD_PING_INTERVAL"] = interval.ToString(CultureInfo.InvariantCulture),
            ["RUNPOD_AI_API_KEY"] = options.WorkerApiKey,
            ["RUNPOD_POD_ID"] = workerId ?? $"local-{Guid.NewGuid().ToString("N")[..8]}",
        };
    }
}
