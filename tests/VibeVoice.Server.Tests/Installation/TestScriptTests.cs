using System.Runtime.Versioning;
using Testing;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>What <c>eng/test.sh</c> counts: a test project that dies must not look like one that passed.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class TestScriptTests : CommandTest
{
    public TestScriptTests()
    {
        Directory.CreateDirectory(PathOf("eng"));
        File.Copy(Repository.PathOf("eng", "test.sh"), PathOf("eng/test.sh"));
    }

    [Fact]
    public async Task Counts_are_added_up_on_the_last_line()
    {
        Project("A.Tests", passed: 3, failed: 0, skipped: 1, exitCode: 0);
        Project("B.Tests", passed: 4, failed: 0, skipped: 2, exitCode: 0);
        (await TestAsync()).ShouldBe((0, "7 passed, 0 failed, 3 skipped"));
    }

    [Fact]
    public async Task Failures_fail()
    {
        Project("A.Tests", passed: 3, failed: 2, skipped: 0, exitCode: 2);
        Project("B.Tests", passed: 4, failed: 0, skipped: 0, exitCode: 0);
        (await TestAsync()).ShouldBe((1, "7 passed, 2 failed, 0 skipped"));
    }

    [Theory]
    [InlineData("echo 'Segmentation fault'; kill -SEGV $$")] // dies without a count
    [InlineData("echo '  succeeded: 5'; exit 134")] // and after one
    [InlineData("echo '  failed: 0'; echo '  succeeded: 5'; kill -KILL $$")]
    [InlineData(null)] // was not built
    public async Task A_project_that_dies_is_a_failure(string? body)
    {
        Project("A.Tests", passed: 3, failed: 0, skipped: 0, exitCode: 0);
        Project("B.Tests", body);
        var (exitCode, last) = await TestAsync();
        exitCode.ShouldBe(1);
        last.ShouldContain(" 1 failed, 0 skipped");
    }

    [Fact]
    public async Task No_test_at_all_is_a_failure()
    {
        Project("A.Tests", passed: 0, failed: 0, skipped: 0, exitCode: 0);
        (await TestAsync()).ShouldBe((1, "0 passed, 0 failed, 0 skipped"));
    }

    [Fact]
    public async Task Filters_and_the_published_program_reach_every_project()
    {
        Project("A.Tests", "echo \"$@\" > seen; echo \"$VIBEVOICE_PROGRAM\" >> seen; echo '  succeeded: 1'");
        await TestAsync("--filter-trait", "Category=Soak");
        var seen = await File.ReadAllLinesAsync(PathOf("seen"), TestContext.Current.CancellationToken);
        seen[0].ShouldEndWith(" --filter-trait Category=Soak");
        seen[1].ShouldBe(PathOf("artifacts/publish/vibevoice/vibevoice"));
    }

    [Fact]
    public async Task Each_namespace_of_a_project_in_parts_is_in_one_of_them_and_the_counts_are_added_up()
    {
        var body = "echo \"$*\" >> seen; echo '  succeeded: 2'; case \"$*\" in *-not-*) exit 3 ;; esac";
        Project("A.Tests", body);
        await File.WriteAllTextAsync(
            PathOf("tests/A.Tests/parts.txt"),
            "# Why.\n*.One\n\n*.Two* *.Three\n",
            TestContext.Current.CancellationToken
        );

        // The last part dies, which is told as one failure.
        (await TestAsync("--filter-trait", "Category=Soak")).ShouldBe((1, "6 passed, 1 failed, 0 skipped"));

        const string All = "--ansi off --progress off --ignore-exit-code 8";
        (await File.ReadAllLinesAsync(PathOf("seen"), TestContext.Current.CancellationToken)).ShouldBe([
            $"{All} --filter-namespace *.One --filter-trait Category=Soak",
            $"{All} --filter-namespace *.Two* *.Three --filter-trait Category=Soak",
            $"{All} --filter-not-namespace *.One *.Two* *.Three --filter-trait Category=Soak",
        ]);
    }

    [Fact]
    public async Task Projects_run_beside_each_other_and_can_be_interrupted()
    {
        // Each waits for the other to begin; and a program that ignores Ctrl+C could not be interrupted by a test.
        const string Body = """
            : > began-$(basename "$0")
            for try in $(seq 600); do [ $(ls began-* | wc -l) = 2 ] && break; sleep 0.1; done
            [ $(ls began-* | wc -l) = 2 ] && echo '  succeeded: 1'
            [ $((0x$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status) & 2)) = 0 ] || exit 1
            """;
        Project("A.Tests", Body);
        Project("B.Tests", Body);

        var result = await CommandRun.RunAsync(
            "/bin/bash",
            [PathOf("eng/test.sh"), "Release"],
            Here.With("LANES", "2")
        );

        result.Text.TrimEnd().Split('\n')[^1].ShouldBe("2 passed, 0 failed, 0 skipped");
    }

    private void Project(string name, int passed, int failed, int skipped, int exitCode) =>
        Project(
            name,
            "echo 'Test run summary: Done'\n"
                + $"printf '  total: 9\\n  failed: {failed}\\n  succeeded: {passed}\\n  skipped: {skipped}\\n'\nexit {exitCode}"
        );

    private void Project(string name, string? body)
    {
        Directory.CreateDirectory(PathOf($"tests/{name}"));
        var folder = $"artifacts/bin/{name}/release";
        Directory.CreateDirectory(PathOf(folder));
        if (body is not null)
        {
            Script($"{folder}/{name}", body);
        }
    }

    private async Task<(int ExitCode, string LastLine)> TestAsync(params string[] filters)
    {
        var result = await CommandRun.RunAsync("/bin/bash", [PathOf("eng/test.sh"), "Release", .. filters], Here);
        return (result.ExitCode, result.Text.TrimEnd().Split('\n')[^1]);
    }
}
