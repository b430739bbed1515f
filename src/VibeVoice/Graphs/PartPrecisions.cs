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
    /// <summary>Whether some part has weights of fewer bits, which only the native engine computes.</summary>
    public bool AreQuantized =>
        new[] { Text, Speech, Sampler, Decoder }.Any(precision =>
            precision is ModelPrecision.Int8 or ModelPrecision.Int4
        );

    public static PartPrecisions All(ModelPrecision precision) => new(precision, precision, precision, precision);

    /// <summary>One word where all are the same, else each part with its own.</summary>
    public string Describe() =>
        this == All(Text)
            ? Name(Text)
            : $"text {Name(Text)}, speech {Name(Speech)}, sampler {Name(Sampler)}, decoder {Name(Decoder)}";

    private static string Name(ModelPrecision precision) => precision.ToString().ToLowerInvariant();
}
