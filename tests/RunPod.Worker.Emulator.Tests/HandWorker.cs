using System.Text.Json;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>A worker made of single requests, as the contract has them.</summary>
internal sealed class HandWorker(EmulatorStage stage, string id)
{
    public string Id => id;

    /// <summary>Takes a job; undefined where there is none.</summary>
    public async Task<JsonElement> TakeAsync()
    {
        var answer = await stage.GetAsync($"job-take/{id}?gpu=local&job_in_progress=0");
        answer.Status.ShouldBe(answer.Json.ValueKind == JsonValueKind.Undefined ? 204 : 200);
        return answer.Json;
    }

    /// <summary>Takes a job that must be there, and gives its id.</summary>
    public async Task<string> TakeIdAsync() => (await TakeAsync()).GetProperty("id").GetString()!;

    /// <summary>Takes several jobs.</summary>
    public async Task<IReadOnlyList<string>> TakeBatchAsync(int size)
    {
        var answer = await stage.GetAsync($"job-take-batch/{id}?gpu=local&batch_size={size}&job_in_progress=0");
        return answer.Status == 204
            ? []
            : [.. answer.Json.EnumerateArray().Select(job => job.GetProperty("id").GetString()!)];
    }

    /// <summary>Posts a result or progress; gives the status.</summary>
    public async Task<int> PostAsync(string jobId, string json) =>
        (await stage.PostAsync($"job-done/{id}/{jobId}?gpu=local&isStream=false", json)).Status;

    /// <summary>Posts a piece of a stream; gives the status.</summary>
    public async Task<int> PostPieceAsync(string jobId, string json) =>
        (await stage.PostAsync($"job-stream/{id}/{jobId}?gpu=local&isStream=false", json)).Status;

    /// <summary>The jobs that it should stop.</summary>
    public async Task<IReadOnlyList<string>> StopsAsync()
    {
        var answer = await stage.GetAsync($"job-stop/{id}?gpu=local");
        return answer.Status == 204
            ? []
            : [.. answer.Json.GetProperty("jobsToStop").EnumerateArray().Select(job => job.GetString()!)];
    }

    /// <summary>Sends a heartbeat that names these jobs.</summary>
    public async Task PingAsync(params string[] jobIds)
    {
        var ids = jobIds.Length == 0 ? "" : $"job_id={Uri.EscapeDataString(string.Join(',', jobIds))}&";
        (await stage.GetAsync($"ping/{id}?{ids}runpod_version=1.12.0")).Status.ShouldBe(200);
    }
}
