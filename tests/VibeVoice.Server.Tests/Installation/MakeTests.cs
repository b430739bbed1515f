using System.Runtime.Versioning;
using System.Text.Json;
using Testing;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>The command on the README's first screen, as a new user types it.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class MakeTests : CommandTest
{
    [Fact]
    public async Task Make_run_speaks_the_test_job_into_a_file_and_prints_the_answer_and_nothing_about_building()
    {
        var options = Here.With("MSBUILDDISABLENODEREUSE", "1");
        string[] arguments = ["--no-print-directory", "-C", Repository.Root, "run", $"AUDIO={PathOf("speech.mp3")}"];
        var result = await CommandRun.RunAsync(RequiredTool.Find("make"), arguments, options);

        result.ExitCode.ShouldBe(0, result.Errors);
        result.Errors.TrimEnd().Split('\n').ShouldAllBe(line => line.StartsWith("INFO   | ", StringComparison.Ordinal));
        using var answer = JsonDocument.Parse(result.Output);
        var output = answer.RootElement.GetProperty("output");
        output.GetProperty("metadata").GetProperty("voice").GetString().ShouldBe("en-Emma_woman");
        output.GetProperty("audio_base64").GetString()!.ShouldContain($"in {PathOf("speech.mp3")}");
        new FileInfo(PathOf("speech.mp3")).Length.ShouldBe(
            output.GetProperty("metadata").GetProperty("bytes").GetInt64()
        );
    }

    [Fact]
    public async Task Make_alone_lists_every_target()
    {
        var makefile = Repository.PathOf("Makefile");
        var result = await CommandRun.RunAsync(RequiredTool.Find("make"), ["-f", makefile], Here);
        var phony = (await File.ReadAllLinesAsync(makefile, TestContext.Current.CancellationToken)).Single(line =>
            line.StartsWith(".PHONY:", StringComparison.Ordinal)
        );
        foreach (var target in phony.Split(' ')[1..])
        {
            result.Text.ShouldMatch($"(?m)^  make {target} +[A-Z].*[.]$");
        }
    }
}
