using System.Diagnostics.CodeAnalysis;

namespace VibeVoice;

/// <summary>How exactly a model computes.</summary>
/// <remarks>A value: safe to share between threads, nothing to dispose.</remarks>
[SuppressMessage(
    "Naming",
    "CA1720:Identifiers should not contain type names",
    Justification = "They are what is chosen."
)]
public enum ModelPrecision
{
    /// <summary>All in float32, as the reference.</summary>
    Float32,

    /// <summary>
    /// Matrix products, convolutions, attention and caches in float16, sums and norms in float32. The default on a GPU; on
    /// the processor it is slower than float32, and there to be compared.
    /// </summary>
    Float16,

    /// <summary>
    /// Weights of 8 bits with a scale for each 64 inputs of an output, activations as good as exact. The default on the
    /// processor, and only there, where reading weights is what takes the time.
    /// </summary>
    Int8,

    /// <summary>The same with weights of 4 bits. On the processor only; for parts that bear it.</summary>
    Int4,
}
