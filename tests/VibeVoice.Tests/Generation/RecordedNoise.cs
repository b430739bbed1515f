namespace VibeVoice.Tests.Generation;

/// <summary>The reference's own draws.</summary>
internal sealed class RecordedNoise(float[] numbers, int width) : INoiseSource
{
    public void Fill(int frame, Span<float> noise) => numbers.AsSpan(frame * width, width).CopyTo(noise);
}
