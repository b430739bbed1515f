using System.Text.Json;

namespace RunPod.Worker.Jobs;

/// <summary>A job as the platform handed it out.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Job">The whole object, unknown keys kept; independent of the document it came from.</param>
internal sealed record TakenJob(string Id, JsonElement Job)
{
    public JsonElement Input => Job.TryGetProperty("input", out var input) ? input : default;
}
