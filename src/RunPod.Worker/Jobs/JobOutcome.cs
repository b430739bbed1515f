using System.Text.Json;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>What is posted for a job.</summary>
/// <param name="Body">The JSON, in UTF-8.</param>
/// <param name="Succeeded">Whether it has no error.</param>
/// <param name="IsStream">Whether it ends a stream.</param>
/// <param name="IsRefresh">Whether it asks for a fresh worker.</param>
internal sealed record JobOutcome(ReadOnlyMemory<byte> Body, bool Succeeded, bool IsStream, bool IsRefresh)
{
    /// <exception cref="JsonException">The output is not one JSON value.</exception>
    public static JobOutcome Output(ReadOnlyMemory<byte> utf8Json, bool isRefresh)
    {
        var output = JobOutput.Read(utf8Json);
        var refresh = isRefresh || output.IsRefresh;
        return new JobOutcome(JobBody.Result(output.Json, output.Error, refresh), output.Error is null, false, refresh);
    }

    public static JobOutcome Error(string error, bool isRefresh) =>
        new(JobBody.Result(output: null, error, isRefresh), Succeeded: false, IsStream: false, isRefresh);
}
