#pragma warning disable xUnit1051 // Examples are written as users write them.

using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>The emulator's README shows code that compiles and runs: the program of the package test, and this file.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task Every_block_of_code_is_compiled_somewhere()
    {
        var token = TestContext.Current.CancellationToken;
        var readme = await ReadAsync("src/RunPod.Worker.Emulator/README.md");
        var compiled =
            await ReadAsync("tests/WorkerPackageSmoke/Program.cs")
            + await ReadAsync("tests/RunPod.Worker.Emulator.Tests/ReadmeTests.cs");

        var blocks = CodeBlocks.Matches(readme).Select(match => match.Groups["code"].Value).ToList();

        blocks.Count.ShouldBe(2);
        foreach (var block in blocks)
        {
            Squeeze(compiled).ShouldContain(Squeeze(block), Case.Sensitive);
        }

        Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Repository.PathOf(file), token);
    }

    [Fact]
    public async Task A_test_has_an_endpoint_of_its_own()
    {
        var loggerFactory = NullLoggerFactory.Instance;

        await using var emulator = await RunPodEmulator.StartAsync(new RunPodEmulatorOptions(), loggerFactory);
        // Start workers, in this process or in others, with the variables of emulator.WorkerEnvironment("worker-1").
        // Send jobs to emulator.EndpointUrl; kill workers; look.

        emulator.WorkerEnvironment("worker-1")["RUNPOD_POD_ID"].ShouldBe("worker-1");
    }

    /// <summary>Spaces and line breaks are the formatter's.</summary>
    private static string Squeeze(string code) => Spaces.Replace(code, "");

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex CodeBlocks { get; }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces { get; }
}
