namespace VibeVoice;

/// <summary>A run of consecutive mono samples, handed over as soon as it exists.</summary>
/// <param name="Samples">Mono samples, shape <c>[S]</c>, float32, nominally in [-1, 1].</param>
/// <param name="SampleRateHz">Samples per second, 24,000 for the published checkpoints.</param>
/// <remarks>
/// VibeVoice makes 3,200 samples (133 ms at 24 kHz) from each latent, but no reader may rely on a length:
/// it follows from the checkpoint. Immutable, and safe to share between threads; nothing to dispose.
/// </remarks>
public readonly record struct AudioFrame(ReadOnlyMemory<float> Samples, int SampleRateHz)
{
    /// <summary>How long the frame sounds.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Samples.Length / SampleRateHz);
}
