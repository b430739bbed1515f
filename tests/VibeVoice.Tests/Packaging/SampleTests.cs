using System.Globalization;
using Testing;
using Testing.Programs;

namespace VibeVoice.Tests.Packaging;

/// <summary>samples/SpeakToFile, as whoever reads it would try it.</summary>
public sealed class SampleTests : TinyModelTest
{
    private const string Text = "Hello there!";

    [Fact]
    public async Task The_sample_writes_the_speech_into_a_wav_file()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, output, errors) = await RunAsync(folder, GoldenFiles.Tiny, "tiny", Text, "hello.wav");

        exitCode.ShouldBe(0, errors);
        var speech = Model.SpeakAsync(Text, Voice, new SpeakOptions { Seed = 1 }, Cancellation);
        var expected = await speech.ToAudioAsync(Cancellation);
        var seconds = expected.Duration.TotalSeconds.ToString("0.00", CultureInfo.CurrentCulture);
        output.ShouldBe($"hello.wav: {seconds} s, {speech.Report.EndReason}\n");
        var wav = WavReader.Read(await File.ReadAllBytesAsync(folder.PathOf("hello.wav"), Cancellation));
        wav.SampleRateHz.ShouldBe(expected.SampleRateHz);
        wav.Samples.ShouldBe(WavReader.Samples(expected));
        Directory.GetFiles(folder.Path).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_is_missing_is_told_in_a_sentence_and_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        (await RunAsync(folder)).ShouldBe((2, "", "usage: SpeakToFile FOLDER VOICE TEXT FILE.wav\n"));

        var noModel = await RunAsync(folder, folder.Path, "tiny", Text, "hello.wav");
        (noModel.ExitCode, noModel.Output).ShouldBe((1, ""));
        noModel.Errors.ShouldContain("config.json");
        noModel.Errors.ShouldNotContain("   at ");

        var noVoice = await RunAsync(folder, GoldenFiles.Tiny, "nobody", Text, "hello.wav");
        (noVoice.ExitCode, noVoice.Output).ShouldBe((1, ""));
        noVoice.Errors.ShouldContain("nobody.pt");
        noVoice.Errors.ShouldNotContain("   at ");

        var noText = await RunAsync(folder, GoldenFiles.Tiny, "tiny", " ", "hello.wav");
        (noText.ExitCode, noText.Output).ShouldBe((1, ""));
        noText.Errors.ShouldContain("no frames");
        Directory.GetFiles(folder.Path).ShouldBeEmpty();
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        TemporaryFolder folder,
        params string[] arguments
    )
    {
        // Where the compiler left it, of the configuration that runs the tests.
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = Repository.PathOf("artifacts", "bin", "SpeakToFile", configuration, "SpeakToFile");
        await using var run = RunningProgram.Start(program, arguments, [], folder.Path);
        return (await run.ExitAsync(TimeSpan.FromMinutes(1)), run.Output, run.Errors);
    }
}
