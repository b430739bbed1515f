namespace VibeVoice.Server.Batch;

/// <summary>A request that the endpoint API, or the store that holds the audio, answered with an error.</summary>
/// <param name="message">What happened and what to do, in whole sentences.</param>
internal sealed class EndpointFailure(string message) : Exception(message)
{
    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsTransient { get; init; }

    /// <summary>How long the server wants to be left alone; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
