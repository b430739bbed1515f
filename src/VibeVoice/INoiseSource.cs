namespace VibeVoice;

/// <summary>Where the noise comes from that each latent is made of.</summary>
/// <remarks>Called by one request at a time, never by two threads at once for the same request.</remarks>
public interface INoiseSource
{
    /// <summary>Fills the start of one latent with numbers of a standard normal distribution.</summary>
    /// <param name="frame">Number of the frame in its request, from 0.</param>
    /// <param name="noise">Shape <c>[C]</c>, float32: one number per latent channel.</param>
    void Fill(int frame, Span<float> noise);
}
