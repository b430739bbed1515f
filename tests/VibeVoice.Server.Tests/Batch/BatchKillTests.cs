using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>The published program, killed as a machine that loses its power kills it.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class BatchKillTests
{
    private const int Kills = 4;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Killed_at_any_point_it_goes_on_and_sends_nothing_twice_that_it_had_noted()
    {
        await using var stage = await BatchStage.StartAsync();
        var random = new Random(6);
        stage.Endpoint.StatusOf = job =>
            job.Questions == 1 ? FakeEndpoint.InState(job, "IN_PROGRESS") : FakeEndpoint.Completed(job);
        await File.WriteAllTextAsync(
            Path.Combine(stage.Folder, "book.txt"),
            BatchStage.Book(chapters: 4),
            TestContext.Current.CancellationToken
        );
        string[] arguments =
        [
            .. "batch book.txt --endpoint book -o book.flac --part-format wav --part-characters 200".Split(' '),
            "--api-url",
            stage.Endpoint.BaseUrl.AbsoluteUri,
        ];
        var noted = new Dictionary<string, int>(StringComparer.Ordinal); // texts, and how often they had been sent
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var run = CommandRun.Start(CommandRun.Program, arguments, new RunOptions(stage.Folder));
            var requests = stage.Endpoint.Requests.Count;
            // Later every time, so that sending, asking and fetching are all cut short.
            await run.UntilAsync(() => stage.Endpoint.Requests.Count > requests + (3 * kill), "some requests");
            await Task.Delay(random.Next(400), TestContext.Current.CancellationToken);
            await run.KillAllAsync();
            Note(stage, noted);
        }

        noted.ShouldNotBeEmpty();

        var result = await CommandRun.RunAsync(CommandRun.Program, arguments, new RunOptions(stage.Folder));

        result.ExitCode.ShouldBe(0, result.Errors);
        await stage.ShouldBeWholeAsync(Request(stage));
        foreach (var (text, sent) in noted)
        {
            stage.Endpoint.Jobs.Count(job => job.Text == text).ShouldBe(sent);
        }

        Directory
            .GetFiles(stage.Folder, "*", SearchOption.AllDirectories)
            .ShouldAllBe(file => !file.EndsWith(".tags", StringComparison.Ordinal));
    }

    private static BatchRequest Request(BatchStage stage) => stage.Request(BatchStage.Book(chapters: 4));

    /// <summary>Whatever stands in the manifest as sent or done must never be sent again.</summary>
    private static void Note(BatchStage stage, Dictionary<string, int> noted)
    {
        var path = Path.Combine(stage.WorkFolder, "manifest.json");
        if (!File.Exists(path))
        {
            return; // killed before it had anything to remember
        }

        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        foreach (var part in Request(stage).Plan().Jobs)
        {
            if (manifest["parts"]![part.Key]?["state"]?.GetValue<string>() is "Submitted" or "Done")
            {
                noted.TryAdd(part.Text, stage.Endpoint.Jobs.Count(job => job.Text == part.Text));
            }
        }
    }
}
