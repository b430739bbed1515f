namespace RunPod.Worker.Jobs;

/// <summary>What the answer to a take means.</summary>
internal enum TakeVerdict
{
    /// <summary>Jobs came.</summary>
    Jobs,

    /// <summary>There is no job now.</summary>
    Empty,

    /// <summary>The platform asks for fewer requests.</summary>
    Busy,

    /// <summary>The platform does not know this worker, or not its key.</summary>
    Refused,

    /// <summary>Something is broken for now.</summary>
    Failed,
}
