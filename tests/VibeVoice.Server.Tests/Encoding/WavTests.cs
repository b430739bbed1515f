using System.Buffers.Binary;

namespace VibeVoice.Server.Tests.Encoding;

[Collection(ProcessesCollection.Name)]
public sealed class WavTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    public async Task A_completed_wav_is_true_to_the_byte_and_says_that_it_is_ai_generated(double speed)
    {
        var request = Encoders.Request("wav", speed, headCanBeCompleted: true);

        var file = await Encoders.Real().EncodeAsync(Tone.Samples(2), request);

        var riff = RiffReader.Read(file);
        riff.Form.ShouldBe("WAVE");
        riff.Chunks.Select(chunk => chunk.Id).ShouldBe(["fmt ", "data", "LIST"]);
        riff["fmt "].ShouldBe([1, 0, 1, 0, 0xC0, 0x5D, 0, 0, 0x80, 0xBB, 0, 0, 2, 0, 16, 0]);
        (riff["data"].Length / 48_000.0).ShouldBe(2 / speed, tolerance: 0.05);
        riff.Info()["ICMT"].ShouldBe(Encoders.Comment);
        riff.Info()["ISFT"].ShouldBe(Encoders.GeneratedBy);
        (await Listener.ProbeAsync(file)).Tags["comment"].ShouldBe(Encoders.Comment);
    }

    [Fact]
    public async Task A_wav_whose_head_is_gone_says_that_its_sizes_are_unknown_and_has_no_tag()
    {
        var encoder = Encoders.With("/nowhere/ffmpeg");
        var audio = encoder.Encode(
            Tone.InFrames(Tone.Samples(1)),
            Encoders.Request("wav"),
            TestContext.Current.CancellationToken
        );

        var file = await audio.ReadAllAsync(TestContext.Current.CancellationToken);

        audio.CompletedHead.IsEmpty.ShouldBeTrue();
        file.Length.ShouldBe(44 + 48_000);
        BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(4)).ShouldBe(0xFFFFFFFF);
        BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(40)).ShouldBe(0xFFFFFFFF);
        (await Listener.DecodeAsync(file)).Length.ShouldBe(24_000);
    }

    [Fact]
    public async Task The_completed_head_has_the_length_of_the_one_it_replaces()
    {
        var audio = Encoders
            .With("/nowhere/ffmpeg")
            .Encode(
                Tone.InFrames(Tone.Samples(1)),
                Encoders.Request("wav", headCanBeCompleted: true),
                TestContext.Current.CancellationToken
            );

        await foreach (var piece in audio.Pieces.WithCancellation(TestContext.Current.CancellationToken))
        {
            audio.CompletedHead.IsEmpty.ShouldBeTrue();
            piece.IsEmpty.ShouldBeFalse();
        }

        audio.CompletedHead.Length.ShouldBe(44);
    }

    [Fact]
    public async Task Other_formats_need_no_completion()
    {
        var audio = Encoders
            .Real()
            .Encode(
                Tone.InFrames(Tone.Samples(1)),
                Encoders.Request("mp3", headCanBeCompleted: true),
                TestContext.Current.CancellationToken
            );

        await audio.ReadAllAsync(TestContext.Current.CancellationToken);

        audio.CompletedHead.IsEmpty.ShouldBeTrue();
    }
}
