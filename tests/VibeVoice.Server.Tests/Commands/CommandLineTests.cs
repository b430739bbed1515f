using System.Runtime.Versioning;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>What scripts and people rely on: names, exit codes, help.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class CommandLineTests : CommandTest
{
    private const string Commands =
        "speak, batch, voices, bench, worker, retention, install, doctor, workspace, dev, serve";

    [Fact]
    public async Task Voices_lists_the_25_names_with_language_and_default()
    {
        var result = await RunAsync("voices");

        result.ExitCode.ShouldBe(0);
        var lines = result.Text.TrimEnd().Split('\n');
        lines.Length.ShouldBe(25);
        result.Text.ShouldContain("\nen-Emma_woman   en-US   woman    published     default\n");
        result.Text.ShouldContain("\nkr-Spk1_man     ko-KR   man      published     experimental\n");
        lines.Count(line => line.EndsWith("default", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task The_default_voice_is_the_one_that_is_set()
    {
        var result = await CommandRun.VibeVoiceAsync(Here.With("DEFAULT_VOICE", "carter"), "voices");
        result.Text.ShouldContain("en-Carter_man   en-US   man      published     default\n");
        result.Text.ShouldContain("en-Emma_woman   en-US   woman    published\n");
    }

    [Fact]
    public async Task Version_is_that_of_the_build()
    {
        var result = await RunAsync("--version");
        (result.ExitCode, result.Errors).ShouldBe((0, ""));
        result.Text.Trim().Split('+')[0].ShouldBe(ProgramVersion.Current.Split('+')[0]);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public async Task Help_shows_commands_examples_and_exit_codes(string flag)
    {
        var result = await RunAsync(flag);
        (result.ExitCode, result.Errors).ShouldBe((0, ""));
        result.Text.ShouldContain("vibevoice speak \"Hello there.\" -o hello.mp3 --engine preview");
        result.Text.ShouldContain("Exit codes: 0 done, 1 failed, 2 wrong command line, text or setting, 70 a bug");
        foreach (var command in Commands.Split(", "))
        {
            result.Text.ShouldMatch($"(?m)^  {command} .*[.]$");
            (await RunAsync(command, "--help")).Text.ShouldContain($"vibevoice {command}");
        }
    }

    [Theory]
    [InlineData($"A command is missing; the commands are {Commands}.", "vibevoice")]
    [InlineData($"'speek' is not a command; the commands are {Commands}.", "vibevoice", "speek", "Hello.")]
    [InlineData("Unrecognized command or argument '--loud'.", "vibevoice speak", "speak", "Hello.", "--loud")]
    [InlineData("Required argument missing for command: 'speak'.", "vibevoice speak", "speak")]
    [InlineData("Required argument missing for option: '--voice'.", "vibevoice speak", "speak", "Hello.", "--voice")]
    [InlineData("'all' is not a command; the commands are install.", "vibevoice voices", "voices", "all")]
    public async Task A_command_line_that_makes_no_sense_says_how_it_is_used(
        string message,
        string command,
        params string[] arguments
    )
    {
        var result = await RunAsync(arguments);
        (result.ExitCode, result.Text).ShouldBe((2, ""));
        result.Errors.ShouldBe($"vibevoice: {message}\nvibevoice: '{command} --help' shows how it is used.\n");
    }

    [Fact]
    public async Task A_worker_lets_flags_of_runpod_pass_that_it_does_not_know()
    {
        string[] job = ["--test_input", """{"input": {"text": "Hello."}}""", "--engine", "preview"];

        var result = await RunAsync(["worker", "--rp_future", "5", "--rp_log_level", "WARN", "--rp_other=1", .. job]);

        (result.ExitCode, result.Errors).ShouldBe((0, ""));
    }

    [Fact]
    public async Task A_worker_refuses_every_other_flag_and_values_that_cannot_work()
    {
        var result = await RunAsync("worker", "--loud", "--rp_log_level", "loud");

        (result.ExitCode, result.Text).ShouldBe((2, ""));
        result.Errors.ShouldContain("Unrecognized command or argument '--loud'.");
        result.Errors.ShouldContain("--rp_log_level is 'loud', but must be one of");
    }

    [Fact]
    public async Task Wrong_settings_are_told_together_before_anything_is_done()
    {
        var options = Here.With("INFERENCE_STEPS", "0").With("MP3_BITRATE_KBPS", "loud").With("S3_FALLBACK", "1");
        var result = await CommandRun.VibeVoiceAsync(options, "speak", "Hello.", "-o", "a.wav");
        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldBe(
            """
            vibevoice: INFERENCE_STEPS is '0', but must be a whole number from 1 to 50.
            vibevoice: MP3_BITRATE_KBPS is 'loud', but must be a whole number from 32 to 160.
            vibevoice: S3_FALLBACK is '1', but must be 'none' or 'base64'.

            """
        );
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_never_replaced_by_the_preview()
    {
        var options = Here.With("HF_HUB_OFFLINE", "1").With("VIBEVOICE_WORKSPACE", PathOf("volume"));
        string[] speak = ["speak", "Hello.", "-o", "a.wav", "--engine", "vibevoice"];
        var missing = await CommandRun.VibeVoiceAsync(options, speak);
        missing.ExitCode.ShouldBe(1);
        missing.Errors.ShouldStartWith("vibevoice: 'microsoft/VibeVoice-Realtime-0.5B' is not whole in the cache '");
        var wrong = await CommandRun.VibeVoiceAsync(options, [.. speak, "--model", "/nowhere"]);
        wrong.ExitCode.ShouldBe(2);
        wrong.Errors.ShouldStartWith("vibevoice: MODEL_PATH is '/nowhere', which is no folder with a checkpoint");
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reader_that_wants_one_line_gets_it_quietly()
    {
        var result = await ShellAsync("\"$VIBEVOICE\" voices | head -n 1; exit ${PIPESTATUS[0]}");
        (result.ExitCode, result.Errors).ShouldBe((0, ""));
        result.Text.ShouldStartWith("en-Carter_man");
    }
}
