namespace VibeVoice;

/// <summary>A file of a checkpoint, tokenizer or voice is not what it should be.</summary>
/// <remarks>
/// The message names the file, what was found, what was expected, and what to do about it. Safe to read from any thread;
/// nothing to dispose.
/// </remarks>
public sealed class ModelFormatException : Exception
{
    /// <summary>Tells what is wrong with which file.</summary>
    /// <param name="message">One sentence for a person who has the file in hand.</param>
    public ModelFormatException(string message)
        : base(message) { }

    /// <summary>Tells what is wrong with which file, and what the reader of that format said.</summary>
    /// <param name="message">One sentence for a person who has the file in hand.</param>
    /// <param name="innerException">What the reader of the format said.</param>
    public ModelFormatException(string message, Exception innerException)
        : base(message, innerException) { }
}
