namespace RunPod.Worker;

/// <summary>What the client is told when a handler throws something that is not a <see cref="JobFailedException"/>.</summary>
public enum JobErrorDetails
{
    /// <summary>
    /// The error is JSON text with type, message and stack trace, as RunPod's own client for Python sends it.
    /// </summary>
    Full = 0,

    /// <summary>The error is a sentence with an id to quote; the log has the exception under that id.</summary>
    Hidden = 1,
}
