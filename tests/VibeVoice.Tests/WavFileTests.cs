using VibeVoice.Tests.Packaging;

namespace VibeVoice.Tests;

/// <summary>Wav files that the library writes.</summary>
public sealed class WavFileTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_holds_the_samples_of_all_frames_in_a_folder_that_is_made()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("new", "a.wav");
        await WavFile.WriteAsync(path, FramesAsync([0.5f, -1], [1, 0.25f, 0]), Cancellation);

        var (rate, samples) = WavReader.Read(await File.ReadAllBytesAsync(path, Cancellation));
        rate.ShouldBe(16000);
        samples.ShouldBe([16384, -32768, 32767, 8192, 0]);
    }

    [Fact]
    public async Task A_speech_that_fails_leaves_what_was_there_before()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("a.wav", "before");
        await Should.ThrowAsync<InvalidOperationException>(WavFile.WriteAsync(path, FailingAsync(), Cancellation));

        (await File.ReadAllTextAsync(path, Cancellation)).ShouldBe("before");
        Directory.GetFiles(folder.Path).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task No_frames_and_frames_of_two_rates_make_no_file()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("a.wav");
        var none = await Should.ThrowAsync<ArgumentException>(WavFile.WriteAsync(path, FramesAsync(), Cancellation));
        var two = await Should.ThrowAsync<ArgumentException>(WavFile.WriteAsync(path, TwoRatesAsync(), Cancellation));

        none.Message.ShouldContain("no frames");
        two.Message.ShouldContain("24000 samples a second, but those before it have 16000");
        Directory.GetFiles(folder.Path).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(uint.MaxValue - 36L)]
    [InlineData(long.MaxValue / 2)]
    public void A_length_that_is_unknown_or_too_long_to_count_is_written_as_until_the_end(long? dataBytes)
    {
        var head = WavFile.Head(24000, dataBytes);

        head[4..8].ShouldBe([255, 255, 255, 255]);
        head[40..44].ShouldBe([255, 255, 255, 255]);
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused() =>
        Should
            .Throw<ArgumentException>(() => Pcm16.Convert([1, 2], new byte[3]))
            .Message.ShouldContain("2 samples take 4 bytes");

    private static async IAsyncEnumerable<AudioFrame> FramesAsync(params float[][] frames)
    {
        foreach (var frame in frames)
        {
            await Task.Yield();
            yield return new AudioFrame(frame, 16000);
        }
    }

    private static async IAsyncEnumerable<AudioFrame> FailingAsync()
    {
        await foreach (var frame in FramesAsync([1, 2]))
        {
            yield return frame;
        }

        throw new InvalidOperationException("It failed.");
    }

    private static async IAsyncEnumerable<AudioFrame> TwoRatesAsync()
    {
        await foreach (var frame in FramesAsync([1, 2]))
        {
            yield return frame;
            yield return frame with
            {
                SampleRateHz = 24000,
            };
        }
    }
}
