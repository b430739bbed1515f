using System.Runtime.Versioning;
using Testing.Programs;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>The words to speak, from the command line and from standard input.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class SpeakTextTests : CommandTest
{
    [Fact]
    public async Task A_dash_reads_standard_input_and_writes_standard_output()
    {
        (await RunAsync("speak", "Hello there.", "-o", "a.pcm")).ExitCode.ShouldBe(0);
        var piped = await SpeakInputAsync("\uFEFFHello there.\n"u8.ToArray(), "--format", "pcm");

        piped.ExitCode.ShouldBe(0);
        piped.Output.ShouldBe(await File.ReadAllBytesAsync(PathOf("a.pcm"), TestContext.Current.CancellationToken));
        piped.Errors.ShouldStartWith("Wrote standard output: ");
    }

    [Theory]
    [InlineData("--", "-5 degrees")]
    [InlineData("@home", "--seed", "1")]
    [InlineData("--", "--help")]
    [InlineData("Töne für 東京 und 🎉.")]
    public async Task Text_is_text_however_it_begins(params string[] arguments)
    {
        var result = await RunAsync(["speak", "-o", "a.wav", .. arguments]);
        result.ExitCode.ShouldBe(0, result.Errors);
        new FileInfo(PathOf("a.wav")).Length.ShouldBeGreaterThan(10_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\n")]
    public async Task Nothing_to_say_is_told(string text)
    {
        var message = "vibevoice: 'text' is empty or only white space, but must have 1 to 20,000 characters.\n";
        var argument = await RunAsync("speak", text, "-o", "a.wav");
        (argument.ExitCode, argument.Errors).ShouldBe((2, message));
        var input = await SpeakInputAsync(System.Text.Encoding.UTF8.GetBytes(text));
        (input.ExitCode, input.Errors, input.Output.Length).ShouldBe((2, message, 0));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_told()
    {
        foreach (var input in new byte[][] { [0x48, 0xFF, 0x49], [0xEF, 0xBB, 0xBF, 0xC3], [0xFF, 0xFE, 0x48, 0x00] })
        {
            var result = await SpeakInputAsync(input);
            (result.ExitCode, result.Output.Length).ShouldBe((2, 0));
            result.Errors.ShouldBe(
                "vibevoice: Standard input is not valid UTF-8 text; convert it first, with iconv for one.\n"
            );
        }
    }

    [Fact]
    public async Task Text_that_is_too_long_is_counted_and_not_shown()
    {
        // Characters, not UTF-16 units: each of these has two.
        var result = await SpeakInputAsync(
            System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("🎉", 20_001)))
        );
        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldBe(
            "vibevoice: 'text' has 20,001 characters, but must have 1 to 20,000 characters; send it in parts.\n"
        );
    }

    [Fact]
    public async Task Input_without_an_end_is_given_up()
    {
        var result = await ShellAsync("yes | \"$VIBEVOICE\" speak - -o a.wav");
        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldStartWith("vibevoice: Standard input has more than 4,000,000 characters");
        FilesBut().ShouldBeEmpty();
    }

    private Task<CommandResult> SpeakInputAsync(byte[] input, params string[] flags) =>
        CommandRun.VibeVoiceAsync(Here with { Input = new ProgramInput(input) }, ["speak", "-", "-o", "-", .. flags]);
}
