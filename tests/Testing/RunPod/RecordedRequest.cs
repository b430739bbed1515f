using System.Text;
using System.Text.Json;

namespace Testing.RunPod;

/// <summary>A request that the fake platform received.</summary>
/// <param name="Route">What was asked for.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Target">Path and query as they were sent.</param>
/// <param name="JobId">The job of a post.</param>
/// <param name="Headers">Headers; names ignore case.</param>
/// <param name="Body">The body as it was sent.</param>
/// <param name="At">Time since the fake platform started.</param>
public sealed record RecordedRequest(
    RunPodRoute Route,
    string Method,
    string Target,
    string? JobId,
    IReadOnlyDictionary<string, string> Headers,
    ReadOnlyMemory<byte> Body,
    TimeSpan At
)
{
    /// <summary>The query without its question mark.</summary>
    public string Query => Target.Split('?', 2) is [_, var query] ? query : "";

    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body.Span);

    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonElement.Parse(Body.Span);

    /// <summary>Whether this is a progress update; it shares its route with results.</summary>
    public bool IsProgress =>
        Json.ValueKind == JsonValueKind.Object
        && Json.TryGetProperty("status", out var status)
        && status.ValueEquals("IN_PROGRESS");
}
