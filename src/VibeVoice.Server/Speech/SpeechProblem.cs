namespace VibeVoice.Server.Speech;

/// <summary>One thing wrong with a request.</summary>
/// <param name="Field">The field's name as the caller knows it.</param>
/// <param name="Sentence">Names the field, what was found and what is allowed.</param>
internal sealed record SpeechProblem(string Field, string Sentence)
{
    /// <summary>Whether the field has the right kind of content, and too much of it.</summary>
    public bool IsTooLong { get; init; }

    /// <param name="complaint">The rest of the sentence that begins with the field's name.</param>
    public static SpeechProblem Of(string field, string complaint) => new(field, $"'{field}' {complaint}.");
}
