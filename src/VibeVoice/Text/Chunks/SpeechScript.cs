using VibeVoice.Text.Preparation;

namespace VibeVoice.Text.Chunks;

/// <summary>Turns raw text, in any pieces, into the steps of speaking it. Speaking and planning both follow it.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class SpeechScript(TextOptions options, Func<string, int> countTokens, int budget)
{
    private readonly TextPreparation _preparation = new(options);
    private readonly TextChunker _chunker = new(countTokens, budget);

    /// <exception cref="PauseTooLongException">The text has come to one.</exception>
    public IEnumerable<ScriptPart> Append(string text) => [.. _preparation.Append(text).SelectMany(_chunker.Append)];

    /// <summary>No more text will come.</summary>
    /// <exception cref="PauseTooLongException">The text has come to one.</exception>
    public IEnumerable<ScriptPart> Finish() =>
        [.. _preparation.Finish().SelectMany(_chunker.Append), .. _chunker.Finish()];
}
