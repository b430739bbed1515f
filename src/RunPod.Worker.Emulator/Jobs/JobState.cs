namespace RunPod.Worker.Emulator.Jobs;

/// <summary>The states that clients see.</summary>
internal enum JobState
{
    InQueue,
    InProgress,
    Completed,
    Failed,
    Cancelled,
    TimedOut,
}

internal static class JobStates
{
    public static bool IsFinal(this JobState state) => state is not (JobState.InQueue or JobState.InProgress);

    /// <summary>The state as it is written on the wire.</summary>
    public static string Name(this JobState state) =>
        state switch
        {
            JobState.InQueue => "IN_QUEUE",
            JobState.InProgress => "IN_PROGRESS",
            JobState.Completed => "COMPLETED",
            JobState.Failed => "FAILED",
            JobState.Cancelled => "CANCELLED",
            _ => "TIMED_OUT",
        };
}
