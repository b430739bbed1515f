using System.Runtime.Versioning;
using Testing;
using Testing.Hub;
using Testing.Programs;
using VibeVoice.Server.Diagnosis;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Diagnosis;

/// <summary>What the doctor says of compiled weights: whole, damaged, and of what else lies there.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class CompiledCheckTests : CommandTest
{
    private string Compiled => PathOf("volume/VibeVoice/cache/compiled");

    [Fact]
    public async Task An_empty_folder_is_fine_and_is_not_made()
    {
        var result = await CheckAsync("compiled");
        result.State.ShouldBe(CheckState.Ok, result.Message);
        result.Message.ShouldMatch($"^0 files of compiled weights, 0 GB, in '{Compiled}'; [0-9.]+ GB are free[.]$");
        (await CheckAsync("checksums")).ShouldBe(CheckResult.Skipped("No compiled weights are here."));
        Directory.Exists(PathOf("volume")).ShouldBeFalse();
    }

    [Fact]
    public async Task Whole_ones_are_fine_and_a_byte_that_the_disk_changed_is_a_problem()
    {
        var file = await CompileAsync();
        (await CheckAsync("compiled")).Message.ShouldStartWith("1 files of compiled weights, 0.01 GB, in ");
        (await CheckAsync("checksums")).ShouldBe(
            CheckResult.Ok("0.01 GB of compiled weights are as they were written.")
        );

        Change(file, 4096);
        (await CheckAsync("compiled")).State.ShouldBe(CheckState.Ok);
        var result = await CheckAsync("checksums");
        result.ShouldBeProblem("tensor 'layers.0.weight' has another checksum than it was written with.");
        result.Message.ShouldEndWith("Delete the file, and the next start makes it again.");
    }

    [Fact]
    public async Task A_damaged_table_and_what_is_not_ours_are_notes()
    {
        var file = await CompileAsync();
        Change(file, 60);
        Change(file, 8);
        var left = $".{Path.GetFileName(file)}.lock";
        await File.WriteAllTextAsync(Path.Combine(Compiled, left), "", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(Path.Combine(Compiled, left), DateTime.UtcNow.AddHours(-1));
        Directory.CreateDirectory(Path.Combine(Compiled, "mine"));

        var result = await CheckAsync("compiled");
        result.State.ShouldBe(CheckState.Note);
        result.Message.ShouldContain("a whole file of compiled weights is expected. A start makes it again.");
        result.Message.ShouldContain($"Killed processes left {left}: the next one");
        result.Message.ShouldEndWith("What else is there was not made by this program: mine.");
        (await CheckAsync("checksums")).State.ShouldBe(CheckState.Skipped);
    }

    private Task<CheckResult> CheckAsync(string name) =>
        DoctorStage.CheckAsync(name, ("VIBEVOICE_WORKSPACE", PathOf("volume")), ("MODEL_PATH", TinyModel.Folder));

    /// <summary>A compiled file of 8 tensors, 8 MB.</summary>
    private async Task<string> CompileAsync()
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = Repository.PathOf("artifacts", "bin", "WeightCompiler", configuration, "WeightCompiler");
        string[] arguments = [TinyModel.Folder, Compiled, "8", "1000000", "0", "20"];
        await using var run = RunningProgram.Start(program, arguments, [], Folder);
        (await run.ExitAsync()).ShouldBe(0, run.Output);
        return Directory.GetFiles(Compiled).ShouldHaveSingleItem();
    }

    private static void Change(string path, long position)
    {
        using var file = File.Open(path, FileMode.Open);
        file.Position = position;
        var changed = (byte)(file.ReadByte() ^ 1);
        file.Position = position;
        file.WriteByte(changed);
    }
}
