namespace VibeVoice.Development;

/// <summary>The noise of a recording, frame by frame.</summary>
internal sealed class RecordedNoise(float[] numbers) : INoiseSource
{
    public void Fill(int frame, Span<float> noise) => numbers.AsSpan(frame * noise.Length, noise.Length).CopyTo(noise);
}
