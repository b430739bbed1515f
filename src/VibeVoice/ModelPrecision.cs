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
    /// <summary>All in float32, as the reference. The default on the processor.</summary>
    Float32,

    /// <summary>
    /// Matrix products, convolutions, attention and caches in float16, sums and norms in float32. The default on a GPU; on
    /// the processor it is slower than float32, and there to be compared.
    /// </summary>
    Float16,
}
