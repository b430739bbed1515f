namespace VibeVoice.Server.Tests.Encoding;

[Collection(ProcessesCollection.Name)]
public sealed class SpeedTests
{
    [Theory]
    [InlineData(0.25)]
    [InlineData(0.4)]
    [InlineData(0.5)]
    [InlineData(0.8)]
    [InlineData(1.5)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Speed_changes_the_duration_and_keeps_the_pitch(double speed)
    {
        var file = await Encoders.Real().EncodeAsync(Tone.Samples(8), Encoders.Request("wav", speed));

        var samples = await Listener.DecodeAsync(file);
        var (frequencyHz, rms) = Listener.Measure(samples);

        (samples.Length / (double)Tone.SampleRateHz).ShouldBe(8 / speed, tolerance: 8 / speed * 0.03);
        frequencyHz.ShouldBe(Tone.FrequencyHz, tolerance: 5);
        rms.ShouldBe(Tone.Amplitude / Math.Sqrt(2), tolerance: 0.05);
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("aac")]
    [InlineData("opus")]
    [InlineData("flac")]
    [InlineData("pcm")]
    public async Task Speed_works_in_every_format(string format)
    {
        var file = await Encoders.Real().EncodeAsync(Tone.Samples(6), Encoders.Request(format, speed: 3));

        var samples = await Listener.DecodeAsync(file, Listener.InputOf(format));

        (samples.Length / (double)Tone.SampleRateHz).ShouldBe(2, tolerance: 0.1);
        Listener.Measure(samples).FrequencyHz.ShouldBe(Tone.FrequencyHz, tolerance: 5);
    }

    [Fact]
    public async Task Clicks_survive_quadruple_speed()
    {
        // One filter at 4 would skip over samples, and whole clicks with them; blended stages keep each audible.
        var samples = new float[8 * Tone.SampleRateHz];
        for (var i = 0; i < 80; i++)
        {
            var start = (i * Tone.SampleRateHz / 10) + 500 + (i * 13);
            Tone.Samples(0.01).CopyTo(samples.AsSpan(start));
        }

        var heard = await Listener.DecodeAsync(
            await Encoders.Real().EncodeAsync(samples, Encoders.Request("wav", speed: 4))
        );

        // Of the 80 stretches of 25 ms, each with its click; one filter leaves 40 of them empty.
        var silent = heard.Chunk(Tone.SampleRateHz / 40).Count(part => part.Max(Math.Abs) < 0.02);
        silent.ShouldBeLessThan(20);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(4.1)]
    [InlineData(double.NaN)]
    public void A_speed_out_of_range_is_refused(double speed) =>
        Should.Throw<ArgumentOutOfRangeException>(() =>
            Encoders
                .With("ffmpeg")
                .Encode(Tone.InFrames([0]), Encoders.Request("mp3", speed), TestContext.Current.CancellationToken)
        );
}
