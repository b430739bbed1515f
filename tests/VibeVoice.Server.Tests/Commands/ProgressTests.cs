using System.Runtime.Versioning;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>What a person at a terminal sees, and what a log keeps.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class ProgressTests : CommandTest
{
    [Fact]
    public async Task A_terminal_shows_progress_in_one_line_and_then_the_summary()
    {
        var result = await OnTerminalAsync("\"$VIBEVOICE\" speak 'Hello there.' -o a.wav");
        result.ExitCode.ShouldBe(0, result.Text);
        result.Text.ShouldMatch(@"\r\x1b\[KSpeaking… \d+\.\d s of audio, \d+ ?% of the text");
        result.Text.ShouldMatch(@"\r\x1b\[KWrote a\.wav: \d\.\d\d s of wav");
        result.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1);
    }

    [Fact]
    public async Task An_error_on_a_terminal_begins_on_a_line_of_its_own()
    {
        var broken = Script("broken", "[ \"$1\" = --version ] || { espeak-ng \"$@\"; sleep 0.4; exit 7; }");
        var result = await OnTerminalAsync($"ESPEAK_PATH={broken} \"$VIBEVOICE\" speak 'Hello there.' -o a.wav");
        result.Text.ShouldMatch(@"\r\x1b\[Kvibevoice: 'broken' failed with exit code 7");
    }

    [Fact]
    public async Task Quiet_says_nothing_anywhere()
    {
        (await RunAsync("speak", "Hello.", "-o", "a.wav", "--quiet")).ShouldSatisfyAllConditions(
            result => result.Errors.ShouldBeEmpty(),
            result => result.Output.ShouldBeEmpty()
        );
        (await OnTerminalAsync("\"$VIBEVOICE\" speak Hello -o a.wav -q")).Text.ShouldBeEmpty();
    }

    [Fact]
    public async Task Elsewhere_there_is_the_summary_and_what_had_no_effect()
    {
        var result = await RunAsync("speak", "Hello.", "-o", "a.wav", "--seed", "7");
        var lines = result.Errors.TrimEnd().Split('\n');
        lines.Length.ShouldBe(2);
        lines[0].ShouldMatch(@"^Wrote a\.wav: \d\.\d\d s of wav, [\d,]+ bytes, voice en-Emma_woman, engine preview \(");
        lines[1].ShouldBe("'--seed' has no effect on the preview engine.");
    }
}
