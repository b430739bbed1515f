using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>What is posted for a job.</summary>
/// <param name="Body">The JSON, in UTF-8.</param>
/// <param name="Succeeded">Whether it has an output rather than an error.</param>
/// <param name="IsStream">Whether it ends a stream.</param>
internal sealed record JobOutcome(ReadOnlyMemory<byte> Body, bool Succeeded, bool IsStream)
{
    public static JobOutcome Output(ReadOnlyMemory<byte> utf8Json) => new(JobBody.Output(utf8Json), true, false);

    public static JobOutcome Error(string error) => new(JobBody.Error(error), false, false);
}
