using System.Text.Json;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>The answer of the stop channel: <c>{"jobsToStop": ["id", …]}</c>. Whatever else comes stops nothing.</summary>
internal static class StopReply
{
    /// <summary>The ids of the jobs to stop.</summary>
    public static IReadOnlyList<string> Read(Reply reply)
    {
        if (!reply.IsJson || reply.Body.IsEmpty)
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(reply.Body);
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("jobsToStop", out var ids)
                && ids.ValueKind == JsonValueKind.Array
                ? [.. ids.EnumerateArray().Select(JsonText.Of).OfType<string>()]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
