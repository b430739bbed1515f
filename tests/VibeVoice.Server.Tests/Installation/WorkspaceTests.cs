using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>Which folder outlives a worker.</summary>
public sealed class WorkspaceTests
{
    [Theory]
    [InlineData("/data", "/workspace /runpod-volume", "/data", false)]
    [InlineData(null, "/workspace", "/workspace", false)]
    [InlineData(null, "/workspace /runpod-volume", "/workspace", false)]
    [InlineData(null, "/runpod-volume", "/runpod-volume", true)]
    [InlineData(null, "", "/workspace", false)]
    public void The_setting_wins_then_the_planned_mount_then_the_volume(
        string? setting,
        string mounts,
        string root,
        bool wantsLink
    )
    {
        var workspace = Resolve(setting, mounts);
        workspace.Root.ShouldBe(root);
        workspace.WantsLink.ShouldBe(wantsLink);
        (workspace.Warning is not null).ShouldBe(setting is null && mounts.Length == 0);
    }

    [Fact]
    public void Where_nothing_persists_the_warning_says_what_to_do() =>
        Resolve(null, "")
            .Warning.ShouldBe(
                "No network volume is mounted at /workspace or /runpod-volume: what is installed will be lost with this "
                    + "worker. Attach a volume, or set VIBEVOICE_WORKSPACE to a folder that persists."
            );

    [Theory]
    [InlineData("/data")]
    [InlineData(null)]
    public void All_paths_follow_the_root(string? setting)
    {
        var workspace = Resolve(setting, "/runpod-volume");
        workspace.Folder.ShouldBe($"{workspace.Root}/VibeVoice");
        workspace.Marker.ShouldBe($"{workspace.Root}/VibeVoice/.setup_complete");
        workspace.RetentionStamp.ShouldStartWith($"{workspace.Root}/VibeVoice/");
    }

    [Fact]
    public void A_relative_setting_is_made_absolute_for_the_programs_that_get_it() =>
        Resolve("here/and/../there", "").Root.ShouldBe(Path.Combine(Environment.CurrentDirectory, "here", "there"));

    private static Workspace Resolve(string? setting, string mounts) =>
        Workspace.Resolve(
            new WorkspaceOptions { Workspace = setting },
            path => mounts.Split(' ').Contains(path, StringComparer.Ordinal)
        );
}
