namespace VibeVoice;

/// <summary>Other precisions for single parts of a model; null for that of the whole.</summary>
/// <remarks>
/// Parts bear fewer bits differently well: <c>vibevoice dev precision</c> shows how well those of a checkpoint do. A value: safe
/// to share between threads, nothing to dispose.
/// </remarks>
public sealed record ModelPartPrecisions
{
    /// <summary>The language model that reads the text, <c>language_model</c>.</summary>
    public ModelPrecision? Text { get; init; }

    /// <summary>The language model that speaks, <c>tts_language_model</c>.</summary>
    public ModelPrecision? Speech { get; init; }

    /// <summary>The diffusion head, which is run once for each diffusion step.</summary>
    public ModelPrecision? Sampler { get; init; }

    /// <summary>The acoustic decoder, which makes sound of latents.</summary>
    public ModelPrecision? Decoder { get; init; }
}
