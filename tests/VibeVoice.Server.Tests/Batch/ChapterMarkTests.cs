using System.Text.Json.Nodes;
using Testing;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>What players show: ffprobe reads the marks as they do.</summary>
public sealed class ChapterMarkTests
{
    private const double FrameSeconds = 3_200.0 / 24_000;

    [Theory]
    [InlineData("m4b")]
    [InlineData("mp3")]
    [InlineData("flac")]
    public async Task Chapters_have_their_titles_and_begin_where_they_are_heard(string extension)
    {
        await using var stage = await BatchStage.StartAsync();
        var output = Path.ChangeExtension(stage.Output, extension);
        const string book =
            "Before the first.\n\nChapter 1: Semi;colon = \\ #\n\nOne.\n\nChapter 2\n\n"
            + "Two is a chapter with more to it, so that it has several parts. "
            + "Two is a chapter with more to it; so much that it needs some more of them. "
            + "And it goes on, and on, and on, and on, until at last there is an end to it.\n\nKapitel 3: Größe\n\nDrei.";
        var request = stage.Request(book) with
        {
            Output = output,
            Format = BookFormat.Of(output),
            Title = "Ein Buch",
            Author = "J. Doe",
        };

        (await stage.RunAsync(request)).ShouldBeTrue();

        var probe = JsonNode.Parse(await ProbeAsync(output))!;
        var chapters = probe["chapters"]!.AsArray();
        chapters
            .Select(chapter => chapter!["tags"]!["title"]!.GetValue<string>())
            .ShouldBe(["Ein Buch", "Chapter 1: Semi;colon = \\ #", "Chapter 2", "Kapitel 3: Größe"]);
        var plan = request.Plan();
        var start = 0.0;
        for (var i = 0; i < chapters.Count; i++)
        {
            Seconds(chapters[i]!, "start_time").ShouldBe(start, FrameSeconds);
            var parts = plan.Parts.Where(part => part.Chapter == i).ToList();
            start += parts.Sum(part => CodedAudio.Seconds(part.Text));
            // What joins two sentences, and what parts two chapters.
            start += (parts.Count - 1) * 0.2;
            start += i + 1 < chapters.Count ? BookWriter.ChapterPause.TotalSeconds : 0;
            Seconds(chapters[i]!, "end_time").ShouldBe(start, FrameSeconds);
        }

        Seconds(probe["format"]!, "duration").ShouldBe(start, FrameSeconds);
        var tags = probe["format"]!["tags"]!;
        tags["title"]!.GetValue<string>().ShouldBe("Ein Buch");
        tags["artist"]!.GetValue<string>().ShouldBe("J. Doe");
        tags["comment"]!.GetValue<string>().ShouldBe("AI-generated speech by coded (1)");

        static double Seconds(JsonNode node, string name) =>
            double.Parse(node[name]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<string> ProbeAsync(string path)
    {
        string[] arguments = ["-v", "error", "-of", "json", "-show_chapters", "-show_format", path];
        var result = await CommandRun.RunAsync(
            RequiredTool.Find("ffprobe"),
            arguments,
            new RunOptions(Path.GetDirectoryName(path)!)
        );
        result.ExitCode.ShouldBe(0, result.Errors);
        return result.Text;
    }
}
