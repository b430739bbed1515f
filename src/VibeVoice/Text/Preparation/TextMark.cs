namespace VibeVoice.Text.Preparation;

/// <summary>Characters that the stages tell each other something with. Unicode promises that no text has them, and the
/// first stage takes them out of one that does.</summary>
internal static class TextMark
{
    /// <summary>A pause stands here.</summary>
    public const char Pause = '\uFDD0';

    /// <summary>An emoji stood here: it parted the words around it.</summary>
    public const char Removed = '\uFDD1';
}
