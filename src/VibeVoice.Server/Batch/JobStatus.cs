using System.Text.Json;

namespace VibeVoice.Server.Batch;

/// <summary>What the endpoint knows of a job.</summary>
/// <param name="State">IN_QUEUE, IN_PROGRESS, COMPLETED, FAILED, CANCELLED, TIMED_OUT; another is taken for running.</param>
/// <param name="Output">What the worker answered; undefined where it did not.</param>
/// <param name="Error">Why it failed, in the worker's words.</param>
internal sealed record JobStatus(string State, JsonElement Output, string? Error)
{
    public bool IsCompleted => State == "COMPLETED";

    public bool HasFailed => State is "FAILED" or "CANCELLED" or "TIMED_OUT";

    public static JobStatus From(JsonElement status) =>
        new(
            status.GetProperty("status").GetString()!,
            status.TryGetProperty("output", out var output) ? output : default,
            !status.TryGetProperty("error", out var error) ? null
                : error.ValueKind == JsonValueKind.String ? error.GetString()
                : error.GetRawText()
        );
}
