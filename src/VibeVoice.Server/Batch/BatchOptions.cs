namespace VibeVoice.Server.Batch;

/// <summary>How a batch is run; nothing of it changes how the book sounds.</summary>
internal sealed record BatchOptions
{
    /// <summary>Jobs with the endpoint at once, from 1.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>Jobs that are sent for one part in one run before it is given up, from 1.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Whether jobs are cancelled when the batch is stopped; otherwise the next run picks them up.</summary>
    public bool CancelOnStop { get; init; }
}
