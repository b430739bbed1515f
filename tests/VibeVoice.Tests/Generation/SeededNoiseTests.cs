using VibeVoice.Generation;

namespace VibeVoice.Tests.Generation;

public sealed class SeededNoiseTests
{
    [Fact]
    public void It_is_normal()
    {
        var noise = new float[20_000];
        new SeededNoise(1).Fill(0, noise);
        var mean = noise.Average(number => (double)number);

        mean.ShouldBe(0, 0.03);
        noise.Average(number => (number - mean) * (number - mean)).ShouldBe(1, 0.04);
        noise.Count(number => Math.Abs(number) < 1).ShouldBeInRange(13_354, 13_954);
        noise.Max().ShouldBeInRange(3, 6);
    }

    [Fact]
    public void A_number_depends_on_seed_frame_and_place_alone()
    {
        Fill(1, 0, 8)[..4].ShouldBe(Fill(1, 0, 4));
        Fill(1, 0, 8).ShouldNotBe(Fill(1, 1, 8));
        Fill(1, 0, 8).ShouldNotBe(Fill(2, 0, 8));
        Fill(1, 0, 100).Distinct().Count().ShouldBe(100);
    }

    [Fact]
    public void It_is_the_same_on_every_machine() =>
        Fill(42, 3, 3).ShouldBe([-1.5386631f, -0.87499493f, -2.8409173f], 1e-6f);

    private static float[] Fill(ulong seed, int frame, int count)
    {
        var noise = new float[count];
        new SeededNoise(seed).Fill(frame, noise);
        return noise;
    }
}
