using System.Runtime.Versioning;
using Testing.Programs;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>What <c>vibevoice batch</c> says before it sends anything.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class BatchCommandTests : CommandTest
{
    private const string Book = "# The book\n\nA preface.\n\n## One\n\nHello there.\n\n## Two\n\nGood bye.\n";

    [Fact]
    public async Task A_dry_run_tells_chapters_and_jobs_and_needs_neither_key_nor_network()
    {
        await File.WriteAllTextAsync(PathOf("book.md"), Book, TestContext.Current.CancellationToken);

        var result = await RunAsync("batch", "book.md", "--endpoint", "abc", "--dry-run");

        result.ExitCode.ShouldBe(0, result.Errors);
        var lines = result.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(4);
        lines[1].ShouldBe("   2     1 parts         17 characters  One");
        lines[3]
            .ShouldBe(
                "3 chapters, 3 jobs of at most 2,336 characters, 51 in all: about 4 s of audio into 'book.m4b'. Nothing was sent."
            );
        FilesBut("book.md").ShouldBeEmpty();
    }

    [Fact]
    public async Task Standard_input_is_a_book_too()
    {
        var options = Here with { Input = new ProgramInput(System.Text.Encoding.UTF8.GetBytes(Book)) };

        var result = await CommandRun.VibeVoiceAsync(options, "batch", "-", "--endpoint", "abc", "--dry-run");

        result.Text.ShouldContain("3 chapters, 3 jobs");
    }

    [Theory]
    [InlineData("book.md --endpoint abc", "RUNPOD_API_KEY is not set")]
    [InlineData("book.md --endpoint a/b", "'--endpoint' must be an endpoint's id")]
    [InlineData("book.md --endpoint abc -o book.wav", "'book.wav' must end in one of .m4b, .mp3, .flac")]
    [InlineData("book.md --endpoint abc -o nowhere/book.mp3", "make it first")]
    [InlineData("gone.md --endpoint abc", "'gone.md' cannot be read")]
    [InlineData("empty.md --endpoint abc", "The book has nothing to speak")]
    [InlineData("book.md --endpoint abc --chapter-pattern (", "is not a regular expression")]
    [InlineData("book.md --endpoint abc --api-url ftp://x", "RUNPOD_ENDPOINT_BASE_URL is not a URL that can be used")]
    public async Task What_is_wrong_is_told_in_one_line_and_nothing_is_begun(string arguments, string told)
    {
        await File.WriteAllTextAsync(PathOf("book.md"), Book, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(PathOf("empty.md"), "***\n", TestContext.Current.CancellationToken);

        var result = await RunAsync(["batch", .. arguments.Split(' ')]);

        (result.ExitCode, result.Text).ShouldBe((2, ""));
        result.Errors.ShouldContain(told);
        FilesBut("book.md", "empty.md").ShouldBeEmpty();
    }
}
