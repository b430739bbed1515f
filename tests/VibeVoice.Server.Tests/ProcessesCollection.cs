namespace VibeVoice.Server.Tests;

/// <summary>Tests that run programs or measure time: one after another, on machines with two cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessesCollection
{
    public const string Name = "Processes";
}
