namespace Testing.RunPod;

/// <summary>What a worker asks the platform for.</summary>
public enum RunPodRoute
{
    /// <summary>A job, or several (<c>job-take</c>, <c>job-take-batch</c>).</summary>
    Take,

    /// <summary>The ids of jobs that were stopped (<c>job-stop</c>).</summary>
    Stop,

    /// <summary>To take a result or progress (<c>job-done</c>).</summary>
    Result,

    /// <summary>To take a piece of a stream (<c>job-stream</c>).</summary>
    Stream,

    /// <summary>To hear the heartbeat (<c>ping</c>).</summary>
    Ping,

    /// <summary>Nothing that a worker should ask for.</summary>
    Unknown,
}
