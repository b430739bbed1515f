using Testing;
using Testing.Programs;

namespace VibeVoice.Tests.Compiled;

/// <summary>Processes that open one store of compiled weights.</summary>
/// <param name="Folder">The store's.</param>
internal sealed record CompilerRun(string Folder)
{
    public int Tensors { get; init; } = 8;

    public int Bytes { get; init; } = 100_000;

    public TimeSpan PerTensor { get; init; }

    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    private static string Program
    {
        get
        {
            var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            return Repository.PathOf("artifacts", "bin", "WeightCompiler", configuration, "WeightCompiler");
        }
    }

    private string[] Arguments =>
        [
            GoldenFiles.Tiny,
            Folder,
            $"{Tensors}",
            $"{Bytes}",
            $"{(int)PerTensor.TotalMilliseconds}",
            $"{(int)Patience.TotalSeconds}",
        ];

    public RunningProgram Start() => RunningProgram.Start(Program, Arguments, [], Path.GetTempPath());

    /// <summary>Runs it in mount points of its own.</summary>
    /// <param name="prepare">Lines of bash, which see the folder as <c>$1</c>.</param>
    /// <param name="inspect">The same, afterwards.</param>
    public RunningProgram StartMounted(string prepare, string inspect)
    {
        using var probe = System.Diagnostics.Process.Start("unshare", ["-m", "true"]);
        probe.WaitForExit();
        Assert.SkipUnless(probe.ExitCode == 0, "No private mount points here, which takes root and unshare.");
        var script = $"set -e\n{prepare}\nset +e\n\"${{@:2}}\"\necho \"exit $?\"\n{inspect}";
        return RunningProgram.Start(
            "/usr/bin/env",
            ["unshare", "-m", "--propagation", "private", "bash", "-c", script, "bash", Folder, Program, .. Arguments],
            [],
            Path.GetTempPath()
        );
    }
}
