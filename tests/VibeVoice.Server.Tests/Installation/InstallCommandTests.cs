using System.Runtime.Versioning;
using System.Text.Json;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>What <c>vibevoice install</c> leaves behind, and when it leaves nothing.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class InstallCommandTests : CommandTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private RunOptions Options => Here.With("VIBEVOICE_WORKSPACE", PathOf("volume"));

    private string Marker => PathOf("volume/VibeVoice/.setup_complete");

    [Fact]
    public async Task The_marker_says_what_was_installed_and_by_which_version()
    {
        var before = DateTimeOffset.UtcNow;
        (await InstallAsync()).ExitCode.ShouldBe(0);

        using var marker = JsonDocument.Parse(await File.ReadAllBytesAsync(Marker, Token));
        var root = marker.RootElement;
        root.GetProperty("version").GetString()!.Split('+')[0].ShouldBe(ProgramVersion.Current.Split('+')[0]);
        root.GetProperty("engine").GetString().ShouldBe("preview");
        root.GetProperty("installed_at").GetDateTimeOffset().ShouldBeInRange(before, DateTimeOffset.UtcNow);
        root.GetProperty("tools").GetProperty("ffmpeg").GetString().ShouldNotBeNullOrEmpty();
        root.GetProperty("tools").GetProperty("preview").GetString()!.ShouldStartWith("espeak-ng ");
        Installed().ShouldBe([".setup_complete", "cache"]);
    }

    [Fact]
    public async Task A_second_time_does_nothing_unless_it_is_forced()
    {
        await InstallAsync();
        File.SetLastWriteTimeUtc(Marker, DateTime.UnixEpoch);
        // The lock of one that was killed when it had written the marker.
        await File.WriteAllTextAsync(PathOf("volume/VibeVoice/.setup_lock"), DeadHolder.Lease, Token);

        var second = await InstallAsync();
        (second.ExitCode, second.Text).ShouldBe((0, ""));
        second.Errors.ShouldContain("Installed already: version ");
        File.GetLastWriteTimeUtc(Marker).ShouldBe(DateTime.UnixEpoch);
        Installed().ShouldBe([".setup_complete", "cache"]);

        (await InstallAsync("--force")).Errors.ShouldContain("Installed version ");
        File.GetLastWriteTimeUtc(Marker).ShouldBeGreaterThan(DateTime.UnixEpoch);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"version": "0.0.1", "engine": "preview", "installed_at": "2027-01-01T00:00:00Z", "tools": {}}""")]
    [InlineData("""{"version": "99.0.0", "engine": "preview", "installed_at": "2027-01-01T00:00:00Z", "tools": {}}""")]
    public async Task A_marker_that_is_damaged_or_of_an_older_or_newer_version_is_written_anew(string content)
    {
        Directory.CreateDirectory(PathOf("volume/VibeVoice"));
        await File.WriteAllTextAsync(Marker, content, Token);

        (await InstallAsync()).Errors.ShouldContain("Installed version ");
        (await InstallAsync()).Errors.ShouldContain("Installed already: version ");
    }

    [Theory]
    [InlineData("FFMPEG_PATH")]
    [InlineData("ESPEAK_PATH")]
    public async Task A_missing_tool_is_told_and_there_is_no_marker(string setting)
    {
        var options = Options.With(setting, "/nowhere/tool");
        var first = await CommandRun.VibeVoiceAsync(options, "install");
        first.ExitCode.ShouldBe(1);
        first.Errors.ShouldContain(
            "vibevoice: '/nowhere/tool' could not be started: No such file or directory. Install it, or set "
                + $"{setting} to where it is.\n"
        );
        Installed().ShouldBe(["cache"]);

        // Nor one that would let the next start believe that a forced installation went well.
        (await InstallAsync()).ExitCode.ShouldBe(0);
        (await CommandRun.VibeVoiceAsync(options, "install", "--force")).ExitCode.ShouldBe(1);
        Installed().ShouldBe(["cache"]);
    }

    [Theory]
    [InlineData("ENGINE", "loud", "VIBEVOICE_ENGINE is 'loud', but must be 'vibevoice' or 'preview'.")]
    [InlineData("RETENTION_DAYS", "0", "RETENTION_DAYS is '0', but must be a whole number from 1 to 36500.")]
    public async Task Wrong_settings_are_told_and_nothing_is_made(string setting, string value, string message)
    {
        var name = setting == "ENGINE" ? "VIBEVOICE_ENGINE" : setting;
        var result = await CommandRun.VibeVoiceAsync(Options.With(name, value), "install");
        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldStartWith($"vibevoice: {message}");
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_workspace_that_cannot_be_made_is_told()
    {
        await File.WriteAllTextAsync(PathOf("volume"), "a file", Token);
        var result = await InstallAsync();
        result.ExitCode.ShouldBe(1);
        result.Errors.ShouldStartWith($"vibevoice: The workspace '{PathOf("volume/VibeVoice")}' cannot be written: ");
        result.Errors.ShouldEndWith("Make it writable, or set VIBEVOICE_WORKSPACE to a folder that is.\n");
    }

    [Fact]
    public async Task Stopping_it_in_the_middle_leaves_no_marker_and_no_lock()
    {
        var slow = Script("slow", "sleep 600");
        var options = Options.With("FFMPEG_PATH", slow);
        await using var run = CommandRun.Start(CommandRun.Program, ["install"], options);
        await run.UntilAsync(() => run.HasChild("sleep"), "the middle");

        run.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);

        (await run.ExitAsync()).ExitCode.ShouldBe(143);
        run.Children.ShouldBeEmpty();
        Installed().ShouldBe(["cache"]);
    }

    [Fact]
    public async Task Half_files_of_the_dead_are_taken_away_and_nothing_else()
    {
        Directory.CreateDirectory(PathOf("volume/VibeVoice/voices"));
        var old = $"volume/VibeVoice/voices/.a.safetensors.{Guid.NewGuid():N}.tmp";
        var young = $"volume/VibeVoice/.setup_complete.{Guid.NewGuid():N}.part";
        foreach (var file in new[] { old, young, "volume/VibeVoice/mine.part" })
        {
            await File.WriteAllTextAsync(PathOf(file), "half", Token);
            File.SetLastWriteTimeUtc(PathOf(file), file == young ? DateTime.UtcNow : DateTime.UnixEpoch);
        }

        (await InstallAsync()).ExitCode.ShouldBe(0);

        File.Exists(PathOf(old)).ShouldBeFalse();
        Installed().ShouldContain("mine.part");
        Installed().ShouldContain(Path.GetFileName(young));
    }

    private Task<CommandResult> InstallAsync(params string[] flags) =>
        CommandRun.VibeVoiceAsync(Options, ["install", .. flags]);

    private IEnumerable<string> Installed() =>
        Directory
            .EnumerateFileSystemEntries(PathOf("volume/VibeVoice"))
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal);
}
