namespace VibeVoice;

/// <summary>How one text is spoken.</summary>
/// <remarks>
/// Immutable, and safe to share between threads unless its <see cref="Noise"/> is not; nothing to dispose.
/// </remarks>
public sealed record SpeakOptions
{
    /// <summary>The most that <see cref="FramesPerHandOver"/> may be: what the model computes for one window of text.</summary>
    public const int MostFramesPerHandOver = Generation.SpeechRun.FramesPerWindow;

    /// <summary>The same text, voice, options and seed give the same speech.</summary>
    public ulong Seed { get; init; }

    /// <summary>Classifier-free guidance: how far to lead away from what the model says without the text; 1 is not at all.</summary>
    public float Guidance { get; init; } = 1.5f;

    /// <summary>Diffusion steps per frame; more is slower and slightly cleaner. Null for the checkpoint's default.</summary>
    public int? DiffusionSteps { get; init; }

    /// <summary>
    /// The most frames that are handed out together, from 1 to <see cref="MostFramesPerHandOver"/>. They are decoded together,
    /// which takes less time than one by one, but the first of them is heard later; the first of a speech is always alone.
    /// For a speech that nobody listens to while it is made. Default: 1, each before the next is computed.
    /// </summary>
    public int FramesPerHandOver { get; init; } = 1;

    /// <summary>
    /// Where to go on, of a speech of the same text, voice and options; null for the beginning. The report counts on from there.
    /// </summary>
    public SpeechPosition? From { get; init; }

    /// <summary>Takes the place of seeded noise, such as numbers that were recorded.</summary>
    public INoiseSource? Noise { get; init; }

    /// <summary>What is done to the text before.</summary>
    public TextOptions Text { get; init; } = new();

    /// <summary>
    /// How text that does not fit the model's context is split; a text that fits is spoken in one piece. Null speaks any
    /// text in one piece, as the reference does, to the position limit; what text is left then is not waited for.
    /// </summary>
    public LongTextOptions? LongText { get; init; } = new();
}
