namespace VibeVoice.Graphs;

/// <summary>How exactly each part of the model computes.</summary>
/// <param name="Text"><c>language_model</c>, and its cache.</param>
/// <param name="Speech"><c>tts_language_model</c>, and its caches.</param>
/// <param name="Sampler">The diffusion head; the solver around it is float32.</param>
/// <param name="Decoder">The acoustic decoder, and what its convolutions remember.</param>
internal sealed record PartPrecisions(
    ModelPrecision Text,
    ModelPrecision Speech,
    ModelPrecision Sampler,
    ModelPrecision Decoder
)
{
    public static PartPrecisions All(ModelPrecision precision) => new(precision, precision, precision, precision);
}
