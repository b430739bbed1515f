namespace RunPod.Worker.Jobs;

/// <summary>What happens to a job after it was started. Called from any thread; must not throw.</summary>
internal interface IJobEvents
{
    /// <summary>The job wants this worker to be replaced; its answer, which says so, comes next.</summary>
    void RefreshRequested(RunningJob job);

    /// <summary>The job has its answer, or will not get one; its handler may still run.</summary>
    void Answered(RunningJob job);

    /// <summary>The job is answered, and nobody waits for its handler any more.</summary>
    void Abandoned(RunningJob job);

    /// <summary>The handler was abandoned long ago and has still not returned.</summary>
    void Stuck(RunningJob job);
}
