using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Testing;

namespace VibeVoice.Server.Tests.Commands;

/// <summary><c>speak --dry-run</c>: what would be spoken, and no audio.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class SpeakDryRunTests : CommandTest
{
    private static readonly string TinyModel = Repository.PathOf("tests", "VibeVoice.Tests", "golden", "tiny");

    [Fact]
    public async Task The_preview_voice_tells_its_stretches_and_writes_nothing()
    {
        var result = await RunAsync(
            "speak",
            "“Hi” **you** 😀.[pause:1.5s]Bye.",
            "--remove-markdown",
            "--remove-emoji",
            "--dry-run"
        );

        (result.ExitCode, result.Errors).ShouldBe((0, ""));
        result.Text.ShouldBe(
            """
            --- chunk 1, ends at: pause, then 1.5 s of silence
            "Hi" you.
            --- chunk 2, ends the text
            Bye.
            --- 2 chunks, voice en-Emma_woman, engine preview

            """
        );
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_model_tells_its_chunks_and_tokens()
    {
        string[] speak =
        [
            "speak",
            "Hello there. And there is more, much more to say. Then it ends, and all of it was said.",
            "--engine",
            "vibevoice",
            "--model",
            TinyModel,
        ];
        var text = await RunAsync([.. speak, "--dry-run"]);
        var result = await RunAsync([.. speak, "--dry-run", "--json"]);

        result.ExitCode.ShouldBe(0, result.Errors);
        var plan = JsonNode.Parse(result.Text)!;
        plan["engine"]!.GetValue<string>().ShouldBe("vibevoice");
        var chunks = plan["chunks"]!.AsArray();
        chunks.Count.ShouldBeGreaterThan(1);
        chunks.Sum(chunk => chunk!["tokens"]!.GetValue<int>()).ShouldBe(plan["tokens"]!.GetValue<int>());
        chunks[^1]!["end"]!.GetValue<string>().ShouldBe("text_end");
        text.Text.ShouldContain($"--- chunk 1, {chunks[0]!["tokens"]} tokens, at most about ");
        FilesBut().ShouldBeEmpty();
    }

    [Fact]
    public async Task Pauses_reach_the_file_to_the_sample()
    {
        (await RunAsync("speak", "One.", "-o", "one.pcm")).ExitCode.ShouldBe(0);
        (await RunAsync("speak", "One.[pause:250ms]One.", "-o", "two.pcm")).ExitCode.ShouldBe(0);

        var one = await File.ReadAllBytesAsync(PathOf("one.pcm"), TestContext.Current.CancellationToken);
        var two = await File.ReadAllBytesAsync(PathOf("two.pcm"), TestContext.Current.CancellationToken);
        two.ShouldBe([.. one, .. new byte[2 * 6_000], .. one]);
    }

    [Fact]
    public async Task The_model_pauses_and_speaks_long_text_through_the_whole_path()
    {
        var text = $"{string.Join(' ', Enumerable.Repeat("word", 60))}.[pause:2s] The end.";
        var result = await RunAsync(
            "speak",
            text,
            "-o",
            "a.pcm",
            "--engine",
            "vibevoice",
            "--model",
            TinyModel,
            "--seed",
            "3"
        );

        result.ExitCode.ShouldBe(0, result.Errors);
        var bytes = await File.ReadAllBytesAsync(PathOf("a.pcm"), TestContext.Current.CancellationToken);
        bytes.AsSpan().IndexOf(new byte[2 * 48_000]).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_pause_that_is_too_long_is_a_wrong_text()
    {
        var result = await RunAsync("speak", "a [pause:2m] b [pause:61s]", "--dry-run");

        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldBe(
            "vibevoice: 'text' has a pause of 61s, but 60s is the longest; use a shorter one, or several in a row.\n"
        );
    }
}
