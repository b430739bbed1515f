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
    public bool AreQuantized => Each.Any(precision => precision is ModelPrecision.Int8 or ModelPrecision.Int4);

    /// <summary>Whether some part computes in 16 bits, which only graphs do.</summary>
    public bool HaveFloat16 => Each.Contains(ModelPrecision.Float16);

    private ModelPrecision[] Each => [Text, Speech, Sampler, Decoder];

    public static PartPrecisions All(ModelPrecision precision) => new(precision, precision, precision, precision);

    /// <summary>The precision of the whole, but for parts that have their own.</summary>
    /// <exception cref="ArgumentException">The device cannot compute so, or no engine computes such a mixture.</exception>
    public static PartPrecisions Of(ModelPrecision whole, ModelPartPrecisions? parts, ModelDevice device)
    {
        var precisions = Combine(whole, parts);
        return precisions.ProblemOn(device) is { } problem
            ? throw new ArgumentException(problem, nameof(parts))
            : precisions;
    }

    /// <summary>The same, whether or not it can be computed.</summary>
    public static PartPrecisions Combine(ModelPrecision whole, ModelPartPrecisions? parts) =>
        new(parts?.Text ?? whole, parts?.Speech ?? whole, parts?.Sampler ?? whole, parts?.Decoder ?? whole);

    /// <summary>Why it cannot be, in a sentence; null where it can.</summary>
    public string? ProblemOn(ModelDevice device) =>
        AreQuantized && device == ModelDevice.Cuda
            ? $"Precision '{Describe()}' was asked for on CUDA, which computes float16 and float32. Choose one of them, or the "
                + "processor."
        : AreQuantized && HaveFloat16
            ? $"Precision '{Describe()}' was asked for, but float16 does not go together with int8 and int4. Choose float32 for "
                + "that part, which is as exact as the checkpoint."
        : null;

    /// <summary>One word where all are the same, else each part with its own.</summary>
    public string Describe() =>
        this == All(Text)
            ? Name(Text)
            : $"text {Name(Text)}, speech {Name(Speech)}, sampler {Name(Sampler)}, decoder {Name(Decoder)}";

    private static string Name(ModelPrecision precision) => precision.ToString().ToLowerInvariant();
}
