using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Encoding;

[Collection(ProcessesCollection.Name)]
public sealed class FormatTests
{
    [Theory]
    [InlineData("mp3", "mp3", 24_000)]
    [InlineData("aac", "aac", 24_000)]
    [InlineData("wav", "pcm_s16le", 24_000)]
    [InlineData("flac", "flac", 24_000)]
    [InlineData("opus", "opus", 48_000)] // opus always decodes at 48 kHz
    public async Task Every_format_is_mono_of_the_right_codec_rate_and_duration(string format, string codec, int rateHz)
    {
        var file = await Encoders
            .Real()
            .EncodeAsync(Tone.Samples(3), Encoders.Request(format, headCanBeCompleted: true));

        var probed = await Listener.ProbeAsync(file);

        probed.Codec.ShouldBe(codec);
        probed.SampleRateHz.ShouldBe(rateHz);
        probed.Channels.ShouldBe(1);
        if (format is not "flac") // through a pipe its head has no total; its samples are counted below
        {
            probed.DurationSeconds!.Value.ShouldBe(3, tolerance: 0.1);
        }
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("aac")]
    [InlineData("wav")]
    [InlineData("flac")]
    [InlineData("opus")]
    [InlineData("pcm")]
    public async Task Every_format_sounds_like_what_went_in(string format)
    {
        var file = await Encoders.Real().EncodeAsync(Tone.Samples(3), Encoders.Request(format));

        var samples = await Listener.DecodeAsync(file, Listener.InputOf(format));
        var (frequencyHz, rms) = Listener.Measure(samples);

        (samples.Length / (double)Tone.SampleRateHz).ShouldBe(3, tolerance: 0.1);
        frequencyHz.ShouldBe(Tone.FrequencyHz, tolerance: 2);
        rms.ShouldBe(Tone.Amplitude / Math.Sqrt(2), tolerance: 0.02);
    }

    [Theory]
    [InlineData("mp3", 22_050)]
    [InlineData("aac", 22_050)]
    [InlineData("wav", 22_050)]
    [InlineData("flac", 22_050)]
    [InlineData("opus", 48_000)]
    public async Task The_preview_voices_rate_works_too(string format, int rateHz)
    {
        var request = Encoders.Request(format, sampleRateHz: 22_050, headCanBeCompleted: true);

        var file = await Encoders.Real().EncodeAsync(Tone.Samples(2, 22_050), request);

        (await Listener.ProbeAsync(file)).SampleRateHz.ShouldBe(rateHz);
        var (frequencyHz, _) = Listener.Measure(await Listener.DecodeAsync(file));
        frequencyHz.ShouldBe(Tone.FrequencyHz, tolerance: 2);
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("aac")]
    [InlineData("opus")]
    [InlineData("flac")]
    public async Task The_file_says_that_it_is_ai_generated_and_by_what(string format)
    {
        var file = await Encoders.Real().EncodeAsync(Tone.Samples(0.5), Encoders.Request(format));

        var tags = (await Listener.ProbeAsync(file)).Tags;

        tags["comment"].ShouldBe(Encoders.Comment);
        tags["ai_generated"].ShouldBe("true");
    }

    [Fact]
    public async Task Mp3_has_the_constant_bit_rate_of_the_settings()
    {
        var shorter = await Encoders.Real().EncodeAsync(Tone.Samples(2), Encoders.Request("mp3"));
        var longer = await Encoders.Real().EncodeAsync(Tone.Samples(12), Encoders.Request("mp3"));

        // Ten seconds more of 128 kbit/s.
        (longer.Length - shorter.Length).ShouldBeInRange(159_000, 161_000);
    }

    [Fact]
    public async Task One_very_short_frame_is_a_file_in_every_format()
    {
        foreach (var format in AudioFormat.All)
        {
            var file = await Encoders.Real().EncodeAsync(Tone.Samples(0.01), Encoders.Request(format.Name));

            file.Length.ShouldBeGreaterThan(0, format.Name);
        }
    }

    [Fact]
    public async Task Pcm_and_wav_need_no_ffmpeg()
    {
        var encoder = Encoders.With("/nowhere/ffmpeg");

        var pcm = await encoder.EncodeAsync(Tone.Samples(1), Encoders.Request("pcm"));
        var wav = await encoder.EncodeAsync(Tone.Samples(1), Encoders.Request("wav"));

        pcm.Length.ShouldBe(48_000);
        wav.Length.ShouldBe(48_044);
        wav[44..].ShouldBe(pcm);
    }

    [Fact]
    public async Task Our_own_samples_are_those_ffmpeg_makes()
    {
        var noise = new Random(7);
        float[] samples = [.. Enumerable.Range(0, 50_000).Select(_ => (float)((noise.NextDouble() * 2.4) - 1.2))];

        var ours = await Encoders.With("/nowhere/ffmpeg").EncodeAsync(samples, Encoders.Request("pcm"));
        var flac = await Encoders.Real().EncodeAsync(samples, Encoders.Request("flac"));

        var theirs = await Listener.DecodeAsync(flac);
        theirs.Select(sample => (short)MathF.Round(sample * 32768)).ShouldBe(Shorts(ours));
    }

    private static IEnumerable<short> Shorts(byte[] bytes) => bytes.Chunk(2).Select(pair => BitConverter.ToInt16(pair));

    [Fact]
    public void Samples_are_rounded_and_clamped()
    {
        var bytes = new byte[14];

        Pcm16.Convert([0, 1, -1, 7, -7, 1.6f / 32768, float.NaN], bytes);

        Shorts(bytes).ShouldBe([0, 32767, -32768, 32767, -32768, 2, 0]);
    }
}
