namespace VibeVoice;

/// <summary>The device that was asked for cannot be used.</summary>
/// <remarks>
/// The message says in one sentence what was found and what is needed. Safe to read from any thread; nothing to dispose.
/// </remarks>
public sealed class DeviceUnavailableException : Exception
{
    /// <summary>Tells what is lacking.</summary>
    /// <param name="message">One sentence for a person who can install it, or choose another device.</param>
    public DeviceUnavailableException(string message)
        : base(message) { }

    /// <summary>Tells what is lacking, and what the runtime said.</summary>
    /// <param name="message">One sentence for a person who can install it, or choose another device.</param>
    /// <param name="innerException">What the runtime said.</param>
    public DeviceUnavailableException(string message, Exception innerException)
        : base(message, innerException) { }
}
