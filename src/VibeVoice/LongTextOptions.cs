namespace VibeVoice;

/// <summary>How a text that is too long for the model's context is split into chunks, and how they are joined.</summary>
/// <remarks>
/// A chunk ends at a paragraph from half of the budget on, at a sentence from three quarters, at a clause from nine
/// tenths, and between words where the budget is spent; so a text that arrives in pieces is split as the whole is. Each
/// chunk starts from the voice's prompt. Immutable, and safe to share between threads; nothing to dispose.
/// </remarks>
public sealed record LongTextOptions
{
    /// <summary>
    /// Positions of the model that one chunk may fill: the voice's prompt, its tokens and its frames. Null, the
    /// default, for all that the model has.
    /// </summary>
    public int? PositionBudget { get; init; }

    /// <summary>
    /// Frames that one token is expected to need, above 0. Default: 4. English has about 3.3 tokens a second, so at 7.5
    /// frames a second about 2.3 frames a token; slow voices and other languages need more, and a chunk that is too
    /// short costs a pause where one that is too long costs words.
    /// </summary>
    public double FramesPerToken { get; init; } = 4;

    /// <summary>
    /// Longest speech of one chunk, above 0: chunks are planned to stay below it, and a model that does not come to its
    /// end is stopped there. Null, the default, for no such limit.
    /// </summary>
    public TimeSpan? MaxChunkDuration { get; init; }

    /// <summary>Silence after a chunk that ends a paragraph. Default: 400 ms.</summary>
    public TimeSpan ParagraphPause { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Silence after a chunk that ends a sentence. Default: 200 ms.</summary>
    public TimeSpan SentencePause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Silence after a chunk that ends a clause. Default: 80 ms.</summary>
    public TimeSpan ClausePause { get; init; } = TimeSpan.FromMilliseconds(80);
}
