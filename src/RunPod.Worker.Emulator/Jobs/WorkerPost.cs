using System.Text.Json;

namespace RunPod.Worker.Emulator.Jobs;

/// <summary>What a worker posts for a job: its result, or its progress, on the same route.</summary>
/// <param name="IsProgress">The job goes on.</param>
/// <param name="Output">The value of <c>output</c>; null where there is none.</param>
/// <param name="Error">The value of <c>error</c>, a string from good workers; null where there is none.</param>
/// <param name="StopsPod">The worker asks for a fresh container.</param>
internal sealed record WorkerPost(bool IsProgress, byte[]? Output, byte[]? Error, bool StopsPod)
{
    /// <summary>Reads a body; null where it is not a JSON object.</summary>
    public static WorkerPost? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = RawJson.Parse(body);
            var root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object
                ? null
                : new WorkerPost(
                    root.TryGetProperty("status", out var status)
                        && status.ValueKind == JsonValueKind.String
                        && status.ValueEquals("IN_PROGRESS"),
                    RawJson.Member(root, "output"),
                    RawJson.Value(root, "error"),
                    root.TryGetProperty("stopPod", out var stop) && stop.ValueKind == JsonValueKind.True
                );
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
