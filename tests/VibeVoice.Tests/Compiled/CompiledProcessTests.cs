using System.Globalization;
using System.Text.RegularExpressions;
using Testing.Programs;

namespace VibeVoice.Tests.Compiled;

/// <summary>Processes that open the same compiled weights at once, that are killed, or that meet a bad disk.</summary>
public sealed partial class CompiledProcessTests : IDisposable
{
    private const string Done = "mapped True, wrong ''";

    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

    /// <summary>Another process must come up meanwhile, on a machine that may be busy.</summary>
    private static readonly TimeSpan VerySlow = TimeSpan.FromSeconds(1.5);

    private readonly TemporaryFolder _folder = new();

    private string[] Names => [.. Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)).Order()];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Of_two_that_start_at_once_one_makes_it_and_the_other_waits_and_maps_it()
    {
        var compiler = new CompilerRun(_folder.Path) { PerTensor = Slow };
        await using var one = compiler.Start();
        await using var other = compiler.Start();
        (await one.ExitAsync(), await other.ExitAsync()).ShouldBe((0, 0));

        new[] { Filled(one), Filled(other) }.ShouldBe([0, 8], ignoreOrder: true);
        one.Output.ShouldContain(Done);
        other.Output.ShouldContain(Done);
        Names.ShouldHaveSingleItem().ShouldMatch("^tiny-int8-[0-9a-f]{16}[.]weights$");
    }

    [Fact]
    public async Task When_the_maker_is_killed_the_one_that_waits_makes_it_and_nothing_is_left()
    {
        var compiler = new CompilerRun(_folder.Path) { PerTensor = Slow };
        await using var killed = (compiler with { PerTensor = VerySlow }).Start();
        await killed.WaitForTextAsync("fills 1");
        await using var waiting = compiler.Start();
        await waiting.WaitForTextAsync("notice: Another process compiles");
        killed.HasExited.ShouldBeFalse("it must be in the middle");
        ProcessTable.Signal(killed.Id, 9).ShouldBeTrue();

        (await waiting.ExitAsync()).ShouldBe(0);
        Filled(waiting).ShouldBe(8);
        waiting.Output.ShouldContain(Done);
        Names.ShouldHaveSingleItem().ShouldEndWith(".weights");
    }

    [Fact]
    public async Task What_a_killed_one_left_is_removed_by_the_next_and_not_mistaken_for_a_whole_file()
    {
        var compiler = new CompilerRun(_folder.Path) { PerTensor = Slow };
        await using var killed = compiler.Start();
        await killed.WaitForTextAsync("fills 3");
        ProcessTable.Signal(killed.Id, 9).ShouldBeTrue();
        await killed.ExitCodeAsync();
        Names.Length.ShouldBe(2); // the lock, and the half file
        Names.ShouldNotContain(name => name.EndsWith(".weights", StringComparison.Ordinal));

        await using var next = compiler.Start();
        (await next.ExitAsync()).ShouldBe(0);
        (Filled(next), next.Output.Contains(Done, StringComparison.Ordinal)).ShouldBe((8, true));
        Names.ShouldHaveSingleItem().ShouldEndWith(".weights");
    }

    [Fact]
    public async Task Two_that_know_nothing_of_each_other_both_make_it_and_both_end_well()
    {
        // What happens where locks are those of one machine, and the other runs elsewhere.
        var compiler = new CompilerRun(_folder.Path) { PerTensor = Slow, Patience = TimeSpan.Zero };
        await using var one = (compiler with { PerTensor = VerySlow }).Start();
        await one.WaitForTextAsync("fills 1");
        await using var other = compiler.Start();
        (await one.ExitAsync(), await other.ExitAsync()).ShouldBe((0, 0));

        (Filled(one), Filled(other)).ShouldBe((8, 8));
        one.Output.ShouldContain(Done);
        other.Output.ShouldContain(Done);
        Names.ShouldHaveSingleItem().ShouldEndWith(".weights");
    }

    [Fact]
    public async Task Many_tensors_take_the_memory_of_a_few()
    {
        const int megabyte = 1 << 20;
        var small = new CompilerRun(_folder.PathOf("small")) { Tensors = 2, Bytes = megabyte };
        var large = new CompilerRun(_folder.PathOf("large")) { Tensors = 32, Bytes = 16 * megabyte };
        await using var one = small.Start();
        (await one.ExitAsync()).ShouldBe(0);
        await using var other = large.Start();
        (await other.ExitAsync(TimeSpan.FromMinutes(1))).ShouldBe(0);

        other.Output.ShouldContain(Done);
        // Two tensors in flight, and a third for what the allocator keeps: 512 MB would be all of them.
        (PeakBytes(other) - PeakBytes(one)).ShouldBeLessThan(3L * 16 * megabyte);
    }

    [Fact]
    public async Task A_full_disk_is_told_with_the_bytes_before_anything_is_written()
    {
        var compiler = new CompilerRun(_folder.Path) { Tensors = 32 };
        await using var run = compiler.StartMounted("mount -t tmpfs -o size=1m none \"$1\"", "ls -A \"$1\"; echo end");
        await run.ExitAsync();

        run.Output.ShouldNotContain("fills");
        run.Output.ShouldMatch(
            $"error: The compiled weights need 3,[0-9,]+ bytes in '{_folder.Path}', but 1,048,576 are free there[.] Make room, or"
        );
        run.Output.ShouldEndWith("exit 1\nend\n");
    }

    [Fact]
    public async Task Where_nothing_can_be_written_it_is_made_in_memory_and_what_is_there_is_mapped()
    {
        var compiler = new CompilerRun(_folder.Path);
        const string readOnly = "mount -t tmpfs none \"$1\"; mount -o remount,ro \"$1\"";
        await using var empty = compiler.StartMounted(readOnly, "");
        await empty.ExitAsync();
        empty.Output.ShouldContain(
            $"notice: '{_folder.Path}' cannot be written, so that the weights are compiled into memory at every start"
        );
        empty.Output.ShouldContain("filled 8, mapped False, wrong ''");

        await using var maker = compiler.Start();
        (await maker.ExitAsync()).ShouldBe(0);
        await using var reader = compiler.StartMounted(
            "mount --bind \"$1\" \"$1\"; mount -o remount,ro,bind \"$1\"",
            ""
        );
        await reader.ExitAsync();
        reader.Output.ShouldContain("filled 0, mapped True, wrong ''");
        reader.Output.ShouldNotContain("notice");
    }

    private static int Filled(RunningProgram run) => Number(FilledTensors(), run);

    private static long PeakBytes(RunningProgram run) => 1024L * Number(PeakKilobytes(), run);

    private static int Number(Regex regex, RunningProgram run) =>
        int.Parse(regex.Match(run.Output).Groups["number"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("^filled (?<number>[0-9]+)", RegexOptions.Multiline)]
    private static partial Regex FilledTensors();

    [GeneratedRegex("^VmHWM:\\s+(?<number>[0-9]+) kB", RegexOptions.Multiline)]
    private static partial Regex PeakKilobytes();
}
