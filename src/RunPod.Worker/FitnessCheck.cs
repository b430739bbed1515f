namespace RunPod.Worker;

/// <summary>
/// Something that must hold before the worker takes its first job: a model that loads, a device that answers. Checks run
/// side by side. One that throws ends the worker with code 1, after RunPod was told which and why.
/// </summary>
/// <param name="Name">A short name, shown in RunPod's console.</param>
/// <param name="RunAsync">Does nothing if all is well, throws with the reason otherwise.</param>
public sealed record FitnessCheck(string Name, Func<CancellationToken, Task> RunAsync)
{
    /// <summary>How long it may take. Default: 5 minutes.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(5);
}
