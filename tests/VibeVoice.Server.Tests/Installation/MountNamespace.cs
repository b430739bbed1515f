using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>
/// A root folder of our own, in mount points that nobody else sees and that go with their last process: there, and only
/// there, tests may make <c>/workspace</c>, mount things and fill disks.
/// </summary>
internal static class MountNamespace
{
    private const string Enter = """
        set -e
        root=$1 script=$2
        mount -t tmpfs none "$root"
        for entry in /*; do
          case $entry in
            /workspace | /runpod-volume) ;;
            *)
              if [[ -L $entry ]]; then cp -P "$entry" "$root$entry"
              elif [[ -d $entry ]]; then mkdir "$root$entry"; mount --rbind "$entry" "$root$entry"
              fi
              ;;
          esac
        done
        exec chroot "$root" /bin/bash -c "$script"
        """;

    /// <summary>Runs a script of bash there, as root; <c>$VIBEVOICE</c> is the program.</summary>
    public static async Task<CommandResult> RunAsync(RunOptions options, string script)
    {
        var probe = await CommandRun.RunAsync("/usr/bin/env", ["unshare", "-m", "true"], options);
        Assert.SkipUnless(
            probe.ExitCode == 0,
            $"No private mount points here, which takes root and unshare: {probe.Errors.Trim()}"
        );

        var root = Directory.CreateTempSubdirectory("vibevoice-root-");
        try
        {
            return await CommandRun.RunAsync(
                "/usr/bin/env",
                ["unshare", "-m", "--propagation", "private", "/bin/bash", "-c", Enter, "bash", root.FullName, script],
                options.With("VIBEVOICE", CommandRun.Program)
            );
        }
        finally
        {
            root.Delete(); // empty: what was mounted there went with its namespace
        }
    }
}
