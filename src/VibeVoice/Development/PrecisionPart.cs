namespace VibeVoice.Development;

/// <summary>What has weights of fewer bits while all else is exact.</summary>
/// <remarks>A value: safe to share between threads, nothing to dispose.</remarks>
public enum PrecisionPart
{
    /// <summary>Both language models: the one that reads and the one that speaks.</summary>
    Language,

    /// <summary>The diffusion head.</summary>
    Sampler,

    /// <summary>The acoustic decoder.</summary>
    Decoder,

    /// <summary>All parts alike.</summary>
    All,

    /// <summary>All parts, with one of them more or less exact than the others.</summary>
    Mixture,
}
