namespace RunPod.Worker.Tests;

/// <summary>Tests that measure time or starve the thread pool: one after another, on machines with two cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessesCollection
{
    public const string Name = "Processes";
}
