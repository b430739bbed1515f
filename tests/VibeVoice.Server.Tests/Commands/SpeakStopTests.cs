using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Testing.Programs;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>However it is stopped, it leaves no half file and no child.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class SpeakStopTests : CommandTest
{
    [Theory]
    [InlineData(PosixSignal.SIGINT, "wav", 130)]
    [InlineData(PosixSignal.SIGTERM, "mp3", 143)]
    [InlineData(PosixSignal.SIGHUP, "wav", 129)]
    public async Task A_signal_in_the_middle_leaves_nothing(PosixSignal signal, string format, int exitCode)
    {
        var output = $"a.{format}";
        await File.WriteAllTextAsync(PathOf(output), "before", TestContext.Current.CancellationToken);
        await using var run = Start("speak", "Hello there, this takes long.", "-o", output);
        await run.UntilAsync(() => run.HasChild("sleep") && PartExists(), "the middle");

        run.Signal(signal);
        var result = await run.ExitAsync();

        (result.ExitCode, result.Errors).ShouldBe((exitCode, ""));
        run.Children.ShouldBeEmpty();
        FilesBut("endless-espeak").ShouldBe([output]);
        (await File.ReadAllTextAsync(PathOf(output), TestContext.Current.CancellationToken)).ShouldBe("before");
    }

    [Fact]
    public async Task Whoever_asked_to_go_on_without_a_terminal_is_not_stopped_when_it_closes()
    {
        var line = "exec nohup \"$VIBEVOICE\" speak \"Hello there.\" -o a.wav";
        var slow = Script(
            "slow",
            "[ \"$1\" = --version ] && exec espeak-ng --version\n: > begun\nsleep 2\nespeak-ng \"$@\""
        );
        var options = Here.With("ESPEAK_PATH", slow).With("VIBEVOICE", CommandRun.Program);
        await using var run = CommandRun.Start("/bin/bash", ["-c", line], options);
        await run.UntilAsync(() => File.Exists(PathOf("begun")), "the middle");

        run.Signal(PosixSignal.SIGHUP);

        var result = await run.ExitAsync();
        result.ExitCode.ShouldBe(0, result.Errors);
        FilesBut("slow", "begun").ShouldBe(["a.wav"]);
    }

    [Fact]
    public async Task Waiting_for_standard_input_can_be_stopped()
    {
        await using var run = CommandRun.Start(
            CommandRun.Program,
            ["speak", "-", "-o", "a.wav"],
            Here with
            {
                Input = new ProgramInput([], StaysOpen: true),
            }
        );
        await Task.Delay(300, TestContext.Current.CancellationToken); // until it reads; earlier ends it as well
        run.Signal(PosixSignal.SIGINT);
        (await run.ExitAsync()).ExitCode.ShouldBe(130);
    }

    [Fact]
    public async Task Waiting_for_the_reader_of_a_pipe_can_be_stopped()
    {
        // Two seconds of samples are more than a pipe holds, and nobody reads.
        var line = """
            mkfifo pipe
            sleep 600 < pipe & exec 3> pipe
            exec "$VIBEVOICE" speak "This is a sentence of more than two seconds." --format pcm -o - >&3
            """;
        var espeak = Script(
            "espeak",
            "[ \"$1\" = --version ] && exec espeak-ng --version\nespeak-ng \"$@\"\n: > spoken"
        );
        var options = Here.With("VIBEVOICE", CommandRun.Program).With("ESPEAK_PATH", espeak);
        await using var run = CommandRun.Start("/bin/bash", ["-c", line], options);
        await run.UntilAsync(() => File.Exists(PathOf("spoken")), "all samples");
        await Task.Delay(500, TestContext.Current.CancellationToken); // until the pipe is full

        run.Signal(PosixSignal.SIGTERM);

        // The sleeping reader holds the pipes of the test open, so only the process itself is waited for.
        (await run.ExitCodeAsync()).ShouldBe(143);
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("wav")]
    public async Task A_pipe_closed_early_ends_quietly(string format)
    {
        // Endless: only noticing that the reader has gone can end it.
        var line = $$"""
            "$VIBEVOICE" speak "$(printf 'Hello there. %.0s' {1..60})" --format {{format}} -o - | head -c 1000 | wc -c
            exit ${PIPESTATUS[0]}
            """;
        var slow = Script("slow", "[ \"$1\" = --version ] && exec espeak-ng --version\nespeak-ng \"$@\"\nsleep 0.2");
        var options = Here.With("ESPEAK_PATH", slow).With("VIBEVOICE", CommandRun.Program);
        await using var run = CommandRun.Start("/bin/bash", ["-c", line], options);
        var result = await run.ExitAsync();

        (result.ExitCode, result.Text.Trim(), result.Errors).ShouldBe((0, "1000", ""));
        run.Children.ShouldBeEmpty();
    }

    private bool PartExists() =>
        Directory.GetFiles(Folder, ".*.part").Select(file => new FileInfo(file)) is var parts
        && parts.Any(file => file.Extension == ".part" && (file.Length > 0 || file.Name.Contains("mp3")));

    private CommandRun Start(params string[] arguments) =>
        CommandRun.Start(CommandRun.Program, arguments, Here.With("ESPEAK_PATH", EndlessEspeak()));
}
