namespace RunPod.Worker.Emulator.Jobs;

/// <summary>A worker as the platform knows it. Guarded by the lock of the <see cref="ControlPlane"/>.</summary>
internal sealed class WorkerRecord(string id)
{
    public string Id => id;

    /// <summary>The jobs that it has.</summary>
    public HashSet<EmulatedJob> Jobs { get; } = [];

    /// <summary>Jobs that it should stop, and does not know yet.</summary>
    public List<string> StopSignals { get; } = [];

    /// <summary>Rings when there is something to stop.</summary>
    public Bell Signalled { get; } = new();

    /// <summary>Requests of this worker that are held now.</summary>
    public int OpenPolls { get; set; }

    public long HeardAt { get; set; }

    /// <summary>When the worker hung up on a held request, and was not heard since.</summary>
    public long? HungUpAt { get; set; }

    /// <summary>Whether it has a heartbeat. One without can only be judged by its connections.</summary>
    public bool HasHeartbeat { get; set; }

    /// <summary>It said that a fitness check failed.</summary>
    public bool IsUnhealthy { get; set; }
}
