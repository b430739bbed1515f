using CsCheck;

namespace VibeVoice.Server.Tests.Encoding;

[Collection(ProcessesCollection.Name)]
public sealed class StreamingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // What a second of sound comes to at least, so that a head alone does not pass for sound.
    [Theory]
    [InlineData("mp3", 1, 15_000)]
    [InlineData("aac", 1, 5_000)]
    [InlineData("wav", 1, 48_000)]
    [InlineData("opus", 1, 4_000)]
    [InlineData("flac", 1, 14_000)]
    [InlineData("pcm", 1, 48_000)]
    [InlineData("mp3", 1.5, 15_000)]
    [InlineData("pcm", 0.5, 48_000)]
    public async Task Sound_comes_out_while_more_is_still_being_made(string format, double speed, int bytesOfASecond)
    {
        var heard = new TaskCompletionSource();
        var frames = Tone.Then(2.5, new(), cancellationToken => heard.Task.WaitAsync(Patience, cancellationToken), Ct);
        var audio = Encoders.Real().Encode(frames, Encoders.Request(format, speed), Ct);

        var bytes = 0;
        await foreach (var piece in audio.Pieces.WithCancellation(Ct))
        {
            bytes += piece.Length;
            if (bytes >= bytesOfASecond)
            {
                heard.TrySetResult(); // until now the source gave nothing more and did not end
            }
        }

        heard.Task.IsCompleted.ShouldBeTrue();
    }

    [Theory]
    [InlineData("mp3", 20)] // 128 kbit/s: a full pipe and our own buffer are 8 s of it
    [InlineData("wav", 1)]
    [InlineData("flac", 15)]
    public async Task A_slow_reader_holds_up_the_source(string format, int atMostSeconds)
    {
        var watch = new Tone.SourceWatch();
        var audio = Encoders.Real().Encode(Tone.Endless(watch, Ct), Encoders.Request(format), Ct);
        await using (var pieces = audio.Pieces.GetAsyncEnumerator(Ct))
        {
            (await pieces.MoveNextAsync()).ShouldBeTrue();
            await Task.Delay(1_500, Ct);
            var given = watch.FramesGiven;
            await Task.Delay(500, Ct);

            watch.FramesGiven.ShouldBe(given);
            given.ShouldBeLessThanOrEqualTo(atMostSeconds);
        }

        watch.IsDisposed.ShouldBeTrue();
        Children.Named("ffmpeg").ShouldBeEmpty();
    }

    [Fact]
    public async Task Any_cutting_of_the_samples_gives_the_same_pcm_and_wav()
    {
        var encoder = Encoders.With("/nowhere/ffmpeg");
        var samples = Tone.Samples(4);
        foreach (var format in (string[])["pcm", "wav"])
        {
            var request = Encoders.Request(format, headCanBeCompleted: true);
            var whole = await encoder.EncodeAsync(samples, request);

            await Gen.Int[1, 120_000]
                .Array[1, 5]
                .SampleAsync(
                    async lengths =>
                    {
                        var next = 0;
                        var frames = Tone.InFrames(samples, nextLength: () => lengths[next++ % lengths.Length]);
                        var cut = await encoder.Encode(frames, request, CancellationToken.None).ReadAllAsync(Ct);
                        cut.ShouldBe(whole);
                    },
                    iter: 20,
                    threads: 1
                );
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(777)]
    [InlineData(50_000)]
    public async Task Any_cutting_of_the_samples_gives_the_same_flac(int length)
    {
        var samples = Tone.Samples(length == 1 ? 0.5 : 4);
        var whole = await Encoders.Real().EncodeAsync(samples, Encoders.Request("flac"));

        var frames = Tone.InFrames(samples, nextLength: () => length);
        var audio = Encoders.Real().Encode(frames, Encoders.Request("flac"), Ct);

        (await audio.ReadAllAsync(Ct)).ShouldBe(whole);
    }

    [Fact]
    public async Task Many_responses_at_once_do_not_mix()
    {
        var encoder = Encoders.Real();
        float[][] tones = [.. Enumerable.Range(1, 6).Select(seconds => Tone.Samples(seconds))];

        var files = await Task.WhenAll(tones.Select(tone => encoder.EncodeAsync(tone, Encoders.Request("flac"))));

        foreach (var (tone, file) in tones.Zip(files))
        {
            (await Listener.DecodeAsync(file)).Length.ShouldBe(tone.Length);
        }
    }

    [Fact]
    public async Task The_child_is_in_a_session_of_its_own_so_that_a_terminal_does_not_interrupt_it()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/setsid"), "There is no setsid here.");
        var audio = Encoders.Real().Encode(Tone.Endless(new(), Ct), Encoders.Request("mp3"), Ct);

        await foreach (var _ in audio.Pieces.WithCancellation(Ct))
        {
            var child = Children.Named("ffmpeg").ShouldHaveSingleItem();
            Children.SessionOf(child).ShouldBe(child);
            break;
        }

        Children.Named("ffmpeg").ShouldBeEmpty();
    }
}
