using System.Runtime.Versioning;
using Testing.Hub;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>What somebody sees of a model on its way here who only wanted to hear a sentence.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class DownloadOutputTests : CommandTest
{
    private const string Speak = "\"$VIBEVOICE\" speak Hello. -o a.wav";

    [Fact]
    public async Task A_terminal_shows_the_download_in_one_line_that_goes_when_it_is_done()
    {
        await using var stage = await StartAsync();
        var result = await OnTerminalAsync(Speak, stage.Options);

        result.ExitCode.ShouldBe(0, result.Text);
        result.Text.ShouldMatch(
            @"\r\x1b\[KDownloading tiny/VibeVoice-Tiny: \d of 2 MB \(\d+ %\), \d\.\d MB/s, (\d+ s|unknown) left\r\x1b\[K(Dow|INFO)"
        );
        result.Text.ShouldMatch(@"left\r\x1b\[KINFO");
    }

    [Fact]
    public async Task Elsewhere_it_is_told_in_lines_of_a_log()
    {
        await using var stage = await StartAsync();
        var result = await ShellAsync(Speak, stage.Options);

        result.ExitCode.ShouldBe(0, result.Errors);
        result.Errors.ShouldMatch(@"(?m)^INFO +\| 'tiny/VibeVoice-Tiny' is here, at commit [0-9a-f]{40}\.$");
        result.Errors.ShouldNotContain("\r");
        // And never again.
        (await ShellAsync(Speak, stage.Options)).Errors.ShouldStartWith("Wrote a.wav: ");
    }

    [Fact]
    public async Task Quiet_says_nothing_of_it_anywhere()
    {
        await using var stage = await StartAsync();
        var atTerminal = await OnTerminalAsync($"{Speak} -q", stage.Options);
        (atTerminal.ExitCode, atTerminal.Text).ShouldBe((0, ""));
        Directory.Delete(PathOf("volume"), recursive: true);
        var elsewhere = await ShellAsync($"{Speak} -q", stage.Options);
        (elsewhere.ExitCode, elsewhere.Text, elsewhere.Errors).ShouldBe((0, "", ""));
    }

    /// <summary>Slow enough for a line or two.</summary>
    private async Task<ModelStage> StartAsync()
    {
        var stage = await ModelStage.StartAsync(Here);
        stage.Hub.On(request => request.IsStore, new HubFault { BytesPerSecond = 2_000_000 });
        return stage;
    }
}
