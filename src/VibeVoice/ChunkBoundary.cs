namespace VibeVoice;

/// <summary>Where a chunk of a text ends; the later, the better a place.</summary>
/// <remarks>A value: safe to share between threads, nothing to dispose.</remarks>
public enum ChunkBoundary
{
    /// <summary>Inside a word that is longer than the budget, between two characters.</summary>
    Anywhere,

    /// <summary>Between two words.</summary>
    Word,

    /// <summary>After a comma, a colon, a dash, or at the end of a line.</summary>
    Clause,

    /// <summary>After a sentence.</summary>
    Sentence,

    /// <summary>At a blank line.</summary>
    Paragraph,

    /// <summary>At a pause that the text asks for.</summary>
    Pause,

    /// <summary>The end of the text.</summary>
    TextEnd,
}
