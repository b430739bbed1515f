using System.Runtime.Versioning;
using Testing;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>Text in, a file out, as the help says.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class SpeakTests : CommandTest
{
    [Theory]
    [InlineData("a.mp3", "mp3")]
    [InlineData("a.aac", "aac")]
    [InlineData("a.wav", "pcm_s16le")]
    [InlineData("a.opus", "opus")]
    [InlineData("a.ogg", "opus")]
    [InlineData("a.OGG", "opus")]
    [InlineData("a.FLAC", "flac")]
    [InlineData("none", "mp3")]
    [InlineData("wins.wav", "flac", "--format", "flac")]
    [InlineData("wins.doc", "flac", "--format", "FLAC")]
    public async Task The_flag_else_the_extension_decides_the_format(string file, string codec, params string[] flags)
    {
        var result = await RunAsync(["speak", "Hello there.", "-o", file, .. flags]);

        result.ShouldSatisfyAllConditions(() => result.ExitCode.ShouldBe(0), () => result.Output.ShouldBeEmpty());
        result.Errors.ShouldStartWith($"Wrote {file}: ");
        result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1);
        (await ProbeAsync(file)).ShouldBe(codec);
        FilesBut(file).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_precision_of_the_command_line_wins_over_the_setting()
    {
        var model = Repository.PathOf("tests", "VibeVoice.Tests", "golden", "tiny");
        string[] speak =
        [
            "speak",
            "Hello there.",
            "--engine",
            "vibevoice",
            "--model",
            model,
            "--seed",
            "1",
            "-q",
            "-o",
        ];
        (string File, string Setting, string[] Flags)[] runs =
        [
            ("exact.pcm", "float32", []),
            ("eight.pcm", "int8", []),
            ("flag.pcm", "float32", ["--precision", "int8"]),
            ("parts.pcm", "float32", ["--precision", "int8,decoder=float32"]),
        ];
        foreach (var (file, setting, flags) in runs)
        {
            var options = Here.With("MODEL_PRECISION", setting);
            var result = await CommandRun.VibeVoiceAsync(options, [.. speak, file, .. flags]);
            (result.ExitCode, result.Errors).ShouldBe((0, ""));
        }

        byte[] Of(string name) => File.ReadAllBytes(PathOf(name));
        Of("flag.pcm").ShouldBe(Of("eight.pcm"));
        Of("eight.pcm").SequenceEqual(Of("exact.pcm")).ShouldBeFalse();
        Of("parts.pcm").SequenceEqual(Of("eight.pcm")).ShouldBeFalse();
    }

    [Fact]
    public async Task Raw_samples_need_no_ffmpeg_and_are_the_wav_without_its_head()
    {
        var options = Here.With("FFMPEG_PATH", "/nowhere/ffmpeg");
        foreach (var file in new[] { "a.wav", "a.pcm" })
        {
            var result = await CommandRun.VibeVoiceAsync(options, "speak", "Hello there.", "-o", file);
            (result.ExitCode, result.Output.Length).ShouldBe((0, 0), result.Errors);
        }

        var wav = await File.ReadAllBytesAsync(PathOf("a.wav"), TestContext.Current.CancellationToken);
        var pcm = await File.ReadAllBytesAsync(PathOf("a.pcm"), TestContext.Current.CancellationToken);
        BitConverter.ToInt32(wav, 40).ShouldBe(pcm.Length);
        wav[44..(44 + pcm.Length)].ShouldBe(pcm);
        pcm.Length.ShouldBeGreaterThan(24_000); // half a second
    }

    [Fact]
    public async Task A_missing_ffmpeg_is_told_and_leaves_nothing()
    {
        var result = await CommandRun.VibeVoiceAsync(
            Here.With("FFMPEG_PATH", "/nowhere/ffmpeg"),
            "speak",
            "Hello there.",
            "-o",
            "a.mp3"
        );

        result.ExitCode.ShouldBe(1);
        result.Errors.ShouldBe(
            "vibevoice: '/nowhere/ffmpeg' could not be started: No such file or directory. Install it, or set FFMPEG_PATH "
                + "to where it is.\n"
        );
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_missing_espeak_is_told_and_leaves_nothing()
    {
        var options = Here.With("ESPEAK_PATH", "/nowhere/espeak-ng");
        var result = await CommandRun.VibeVoiceAsync(options, "speak", "Hello there.", "-o", "a.wav");

        result.ExitCode.ShouldBe(1);
        result.Errors.ShouldStartWith(
            "vibevoice: '/nowhere/espeak-ng' could not be started: No such file or directory."
        );
        result.Errors.ShouldContain("ESPEAK_PATH");
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_an_output_file_the_name_is_speech()
    {
        (await RunAsync("speak", "Hello.", "--format", "wav")).ExitCode.ShouldBe(0);
        FilesBut().ShouldBe(["speech.wav"]);
    }

    [Fact]
    public async Task A_unique_part_of_a_name_is_a_voice()
    {
        var result = await RunAsync("speak", "Guten Tag.", "-o", "a.wav", "--voice", "DE-spk1");
        result.Errors.ShouldContain("voice de-Spk1_woman");
        result.ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData("nobody", "'--voice' is 'nobody', which matches no voice; the voices are en-Carter_man, ")]
    [InlineData(
        "spk0_man",
        "'--voice' is 'spk0_man', which matches 5 voices; give more of one of these names: de-Spk0_man, "
    )]
    public async Task A_voice_that_is_none_or_several_lists_them(string voice, string message)
    {
        var result = await RunAsync("speak", "Hello.", "-o", "a.wav", "--voice", voice);
        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldStartWith($"vibevoice: {message}");
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task Twice_the_speed_is_half_the_time_in_every_language_of_the_shell()
    {
        (await RunAsync("speak", "One two three four five six.", "-o", "1.pcm")).ExitCode.ShouldBe(0);
        // A German 2.5 would be 25, and out of range.
        var german = Here.With("LANG", "de_DE.UTF-8").With("LC_ALL", "de_DE.UTF-8");
        string[] arguments = ["speak", "One two three four five six.", "-o", "2.pcm", "--speed", "2.5"];
        var fast = await CommandRun.VibeVoiceAsync(german, arguments);

        fast.ExitCode.ShouldBe(0, fast.Errors);
        var share = (double)new FileInfo(PathOf("2.pcm")).Length / new FileInfo(PathOf("1.pcm")).Length;
        share.ShouldBe(1 / 2.5, tolerance: 0.03);
        fast.Errors.ShouldMatch(@": \d\.\d\d s of pcm, [\d,]+ bytes, .* real-time factor \d\.\d\d\d\.");
    }

    [Theory]
    [InlineData("--speed", "9", "'--speed' is '9', but must be a number from 0.25 to 4.")]
    [InlineData("--speed", "fast", "'--speed' is 'fast', but must be a number from 0.25 to 4.")]
    [InlineData("--speed", "1,5", "'--speed' is '1,5', but must be a number from 0.25 to 4.")]
    [InlineData("--speed", "NaN", "'--speed' is 'NaN', but must be a number from 0.25 to 4.")]
    [InlineData("--steps", "2.5", "'--steps' is '2.5', but must be a whole number from 1 to 50.")]
    [InlineData("--seed", "-1", "'--seed' is '-1', but must be a whole number from 0 to 9007199254740991.")]
    [InlineData("--cfg-scale", "0", "'--cfg-scale' is '0', but must be a number from 1 to 5.")]
    [InlineData("--format", "doc", "'--format' is 'doc', but must be one of mp3, aac, wav, opus, flac, pcm.")]
    [InlineData("-o", "a.doc", "'a.doc' ends in '.doc', which is no format; end it in one of .ogg, .mp3, .aac, .wav, ")]
    [InlineData("-o", "", "'--output' is empty, but must be a file, or '-' for standard output.")]
    [InlineData("--engine", "loud", "VIBEVOICE_ENGINE is 'loud', but must be 'vibevoice' or 'preview'.")]
    public async Task A_flag_that_is_wrong_is_told_with_what_is_allowed(string flag, string value, string message)
    {
        var result = await RunAsync("speak", "Hello.", flag, value);
        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldStartWith($"vibevoice: {message}");
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task Faults_of_a_request_are_told_together_a_line_each()
    {
        var result = await RunAsync("speak", " ", "-o", "a.doc", "--voice", "nobody");
        result.ExitCode.ShouldBe(2);
        var lines = result.Errors.TrimEnd().Split('\n');
        lines.Length.ShouldBe(3);
        lines.ShouldAllBe(line => line.StartsWith("vibevoice: '", StringComparison.Ordinal));
    }

    private async Task<string> ProbeAsync(string file)
    {
        string[] arguments = ["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", file];
        var probe = await CommandRun.RunAsync(RequiredTool.Find("ffprobe"), arguments, Here);
        probe.Errors.ShouldBeEmpty();
        return probe.Text.Trim();
    }
}
