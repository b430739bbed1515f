namespace VibeVoice;

/// <summary>Where the noise comes from that each latent is made of.</summary>
/// <remarks>
/// Called by one thread at a time for one request. One that is given to several requests at once has to be thread-safe.
/// The library disposes none: it belongs to whoever made it.
/// </remarks>
public interface INoiseSource
{
    /// <summary>Fills the start of one latent with numbers of a standard normal distribution.</summary>
    /// <param name="frame">Number of the frame in its request, from 0.</param>
    /// <param name="noise">Shape <c>[C]</c>, float32: one number per latent channel.</param>
    void Fill(int frame, Span<float> noise);
}
