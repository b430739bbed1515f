namespace VibeVoice.Server.Speech;

/// <summary>
/// A job that failed for a reason outside the program that its caller may be told: a tool that is missing or broke,
/// a bucket that refused, an answer over the platform's limit. The message says what happened and what to do.
/// </summary>
internal sealed class SpeechFailedException : Exception
{
    /// <summary>The setting that names the tool that broke; null where none did.</summary>
    public string? Tool { get; init; }

    public SpeechFailedException(string message)
        : base(message) { }

    public SpeechFailedException(string message, Exception innerException)
        : base(message, innerException) { }
}
