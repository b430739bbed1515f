namespace RunPod.Worker;

/// <summary>
/// Thrown by a handler, or by the stream it returned, to fail the job with a message that the client is shown and the
/// log is not. Any other exception is taken for a bug: it is logged whole, and the client gets an id to quote.
/// </summary>
public class JobFailedException : Exception
{
    /// <summary>Fails the job.</summary>
    /// <param name="message">A sentence for the client: what was found, what was expected, what to do.</param>
    public JobFailedException(string message)
        : base(message) { }

    /// <summary>Fails the job because of another exception.</summary>
    /// <param name="message">A sentence for the client: what was found, what was expected, what to do.</param>
    /// <param name="innerException">The cause.</param>
    public JobFailedException(string message, Exception innerException)
        : base(message, innerException) { }
}
