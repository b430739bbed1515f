using CsCheck;
using VibeVoice.Server.Speech.Preview;

namespace VibeVoice.Server.Tests.Speech.Preview;

public sealed class ResamplerTests
{
    private const int FromHz = 22_050;
    private const int ToHz = 24_000;

    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(8_000)]
    public void A_tone_keeps_its_place_pitch_and_loudness(double hertz)
    {
        var output = Resample(Tone(hertz, FromHz, 1), chunk: 1000);

        output.Length.ShouldBeInRange(ToHz, ToHz + 1);
        var expected = Tone(hertz, ToHz, 1);
        // The ends lack neighbours; in between each sample is that of the tone at its own rate.
        for (var i = 200; i < ToHz - 200; i++)
        {
            output[i].ShouldBe(expected[i], tolerance: 0.002f);
        }
    }

    [Fact]
    public void Chunking_does_not_change_the_samples()
    {
        var input = Tone(440, FromHz, 0.2);
        var expected = Resample(input, input.Length);

        Gen.Int[1, 700].Sample(chunk => Resample(input, chunk).ShouldBe(expected), iter: 50);
    }

    [Theory]
    [InlineData(24_000, 24_000)]
    [InlineData(16_000, 24_000)]
    [InlineData(44_100, 24_000)]
    public void Other_rates_give_as_many_samples_as_they_last(int fromHz, int toHz)
    {
        var resampler = new Resampler(fromHz, toHz);

        var count = resampler.Process(Tone(300, fromHz, 1)).Length + resampler.Flush().Length;

        count.ShouldBeInRange(toHz, toHz + 1);
    }

    private static float[] Resample(float[] input, int chunk)
    {
        var resampler = new Resampler(FromHz, ToHz);
        var output = new List<float>();
        foreach (var part in input.Chunk(chunk))
        {
            output.AddRange(resampler.Process(part));
        }

        output.AddRange(resampler.Flush());
        return [.. output];
    }

    private static float[] Tone(double hertz, int rateHz, double seconds) =>
        [
            .. Enumerable
                .Range(0, (int)(rateHz * seconds))
                .Select(i => (float)(0.5 * Math.Sin(Math.Tau * hertz * i / rateHz))),
        ];
}
