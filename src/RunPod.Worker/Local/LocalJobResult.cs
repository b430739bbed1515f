using System.Text.Json.Nodes;

namespace RunPod.Worker;

/// <summary>What a client would get for a job that was run locally.</summary>
/// <param name="Succeeded">Whether the job has an output.</param>
/// <param name="Answer"><c>{"output": …}</c> or <c>{"error": "…"}</c>.</param>
public sealed record LocalJobResult(bool Succeeded, JsonObject Answer);
