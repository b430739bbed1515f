using System.Runtime.Versioning;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>The same choice with real mounts, and the link that lets everything find <c>/workspace</c>.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class WorkspaceMountTests : CommandTest
{
    private const string Mount = "mount_at() { mkdir -p $1; mount -t tmpfs none $1; }\n";
    private const string Volume = Mount + "mount_at /runpod-volume\n";
    private const string Ask = "\"$VIBEVOICE\" workspace --link\n";

    [Fact]
    public async Task The_setting_wins_over_every_mount()
    {
        var options = Here.With("VIBEVOICE_WORKSPACE", "/tmp");
        var result = await MountNamespace.RunAsync(options, $"{Volume} mount_at /workspace\n{Ask}");
        (result.ExitCode, result.Text, result.Errors).ShouldBe((0, "/tmp\n", ""));
    }

    [Fact]
    public async Task A_mounted_workspace_is_used()
    {
        var result = await MountNamespace.RunAsync(Here, $"{Volume} mount_at /workspace\n{Ask}");
        (result.ExitCode, result.Text, result.Errors).ShouldBe((0, "/workspace\n", ""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("mkdir /workspace\n")]
    [InlineData("ln -s /runpod-volume /workspace\n")]
    [InlineData("ln -s runpod-volume/ /workspace\n")]
    public async Task A_mounted_volume_is_used_and_linked_as_the_workspace(string before)
    {
        // Twice: the second start finds what the first has made.
        var result = await MountNamespace.RunAsync(
            Here,
            $"{before}{Volume}{Ask}{Ask} touch /workspace/file && ls /runpod-volume && readlink /workspace"
        );
        result.Errors.ShouldBeEmpty();
        result.Text.ShouldMatch("^/runpod-volume\n/runpod-volume\nfile\n/?runpod-volume/?\n$");
    }

    [Theory]
    [InlineData("mkdir -p /workspace/things\n")]
    [InlineData("touch /workspace\n")]
    [InlineData("ln -s /tmp /workspace\n")]
    [InlineData("ln -s /nowhere /workspace\n")]
    public async Task A_workspace_that_is_taken_stays_and_the_volume_is_used(string before)
    {
        const string state = "stat -c '%F %N' /workspace; ls -d /workspace/things 2>/dev/null\n";
        var result = await MountNamespace.RunAsync(Here, $"{before}{Volume}{state}{Ask}{state}");
        var lines = result.Text.TrimEnd().Split('\n');
        var root = Array.IndexOf(lines, "/runpod-volume");
        root.ShouldBeGreaterThan(0);
        lines[..root].ShouldBe(lines[(root + 1)..]);
        result.Errors.ShouldBe(
            "/workspace is taken and could not be linked to /runpod-volume; everything goes there directly.\n"
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("mkdir /workspace /runpod-volume\n")] // folders of the image, and no mounts
    public async Task Without_any_volume_there_is_a_warning(string before)
    {
        var result = await MountNamespace.RunAsync(Here, $"{before}{Ask} \"$VIBEVOICE\" install; cat {Marker}");
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Text.ShouldStartWith("/workspace\n{");
        result.Errors.ShouldStartWith("No network volume is mounted at /workspace or /runpod-volume");
    }

    [Fact]
    public async Task The_marker_and_the_cache_follow_the_volume()
    {
        const string bootstrap = "$(dirname \"$VIBEVOICE\")/runpod_bootstrap.sh";
        var result = await MountNamespace.RunAsync(
            Here,
            $$$"""
            {{{Volume}}}
            "{{{bootstrap}}}" --test_input '{"input": {"text": "Hello."}}' > /dev/null
            find /runpod-volume -mindepth 1 | sort
            diff {{{Marker}}} /runpod-volume/VibeVoice/.setup_complete && readlink /workspace
            """
        );
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Text.ShouldBe(
            """
            /runpod-volume/VibeVoice
            /runpod-volume/VibeVoice/.setup_complete
            /runpod-volume/VibeVoice/cache
            /runpod-volume

            """
        );
    }

    [Fact]
    public async Task A_read_only_volume_is_told_and_has_no_marker()
    {
        var result = await MountNamespace.RunAsync(
            Here,
            $"{Volume} mount -o remount,ro /runpod-volume\n\"$VIBEVOICE\" install\necho $?; ls -A /runpod-volume"
        );
        result.Text.ShouldBe("1\n");
        result.Errors.ShouldMatch(
            "^vibevoice: The workspace '/runpod-volume/VibeVoice' cannot be written: Read-only file system.*"
                + "Make it writable, or set VIBEVOICE_WORKSPACE to a folder that is.\n$"
        );
    }

    [Fact]
    public async Task A_read_only_volume_that_is_installed_is_good_enough()
    {
        var result = await MountNamespace.RunAsync(
            Here,
            $"{Volume} \"$VIBEVOICE\" install && mount -o remount,ro /runpod-volume && \"$VIBEVOICE\" install"
        );
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Errors.ShouldContain("Installed already");
    }

    [Fact]
    public async Task A_full_volume_is_told_and_has_no_marker()
    {
        var result = await MountNamespace.RunAsync(
            Here,
            $"{Volume} mount -o remount,size=4k /runpod-volume; head -c 4096 /dev/zero > /runpod-volume/full\n"
                + "\"$VIBEVOICE\" install\necho $?; find /runpod-volume -type f"
        );
        result.Text.ShouldBe("1\n/runpod-volume/full\n");
        result.Errors.ShouldContain("No space left on device");
        result.Errors.ShouldContain("The workspace '/runpod-volume/VibeVoice' cannot be written");
    }

    private const string Marker = "/workspace/VibeVoice/.setup_complete";
}
