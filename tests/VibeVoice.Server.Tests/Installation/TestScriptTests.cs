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
