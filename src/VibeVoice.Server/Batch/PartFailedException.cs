namespace VibeVoice.Server.Batch;

/// <summary>One job for a part came to nothing; another may.</summary>
/// <param name="message">What happened, in a whole sentence.</param>
/// <param name="inner">What showed it.</param>
internal sealed class PartFailedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The field of the input that the worker refuses, and will refuse again; null for other failures.</summary>
    public string? RefusedField { get; init; }
}
