namespace RunPod.Worker.Emulator.Tests;

/// <summary>Tests that start programs: one after another, on machines with two cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessesCollection
{
    public const string Name = "Processes";
}
