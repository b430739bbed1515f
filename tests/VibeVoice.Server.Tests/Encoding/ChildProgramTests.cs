using System.Text;
using CliWrap;
using Testing;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Encoding;

[Collection(ProcessesCollection.Name)]
public sealed class ChildProgramTests
{
    [Theory]
    [InlineData(true, "/nowhere/speak", "No such file or directory")]
    [InlineData(false, "/nowhere/speak", "No such file or directory")]
    [InlineData(true, "/etc/passwd", "Permission denied")]
    [InlineData(false, "/etc/passwd", "Permission denied")]
    public async Task A_program_that_cannot_be_started_is_told_the_same_way_with_and_without_setsid(
        bool mayUseSetsid,
        string path,
        string reason
    )
    {
        var program = new ChildProgram(path, "SPEAK_PATH", mayUseSetsid);
        var words = new LastWords();

        var failure = await Should.ThrowAsync<SpeechFailedException>(async () =>
        {
            var command = program.With(["-v"]).WithStandardErrorPipe(words.Target);
            throw program.Failure(await program.RunAsync(command, TestContext.Current.CancellationToken), words);
        });

        failure.Message.ShouldBe(
            $"'{path}' could not be started: {reason}. Install it, or set SPEAK_PATH to where it is."
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Arguments_arrive_as_they_were_given(bool mayUseSetsid)
    {
        var said = new StringBuilder();
        var program = new ChildProgram(RequiredTool.Find("printf"), "PRINTF_PATH", mayUseSetsid);

        var command = program
            .With(["[%s]", "-v", "a \"b\" c", "$HOME", "", "ö\\"])
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(said));

        (await program.RunAsync(command, TestContext.Current.CancellationToken)).ShouldBe(0);
        said.ToString().ShouldBe("[-v][a \"b\" c][$HOME][][ö\\]");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_program_that_hangs_is_killed(bool mayUseSetsid)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var program = new ChildProgram(RequiredTool.Find("sleep"), "SLEEP_PATH", mayUseSetsid);

        await Should.ThrowAsync<OperationCanceledException>(() => program.RunAsync(program.With(["600"]), stop.Token));

        await Children.ShouldEndAsync("sleep");
    }
}
