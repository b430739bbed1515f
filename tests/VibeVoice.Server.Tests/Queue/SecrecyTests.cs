using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>What clients must not learn of us, and logs not of them.</summary>
[Collection(ProcessesCollection.Name)]
public sealed partial class SecrecyTests
{
    private const string Word = "rumpelstilzchen";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_bug_gives_the_client_an_id_to_quote_and_the_log_all_of_it(bool isStream)
    {
        var engine = new FakeSynthesizer
        {
            BeforeFrame = (index, _) =>
                index < 5 ? Task.CompletedTask : throw new InvalidOperationException("tensor 7 is upside down"),
        };
        await using var stage = new QueueStage { Synthesizer = engine };

        var error = await stage.ErrorOfAsync($$"""{"text": "x", "stream": {{(isStream ? "true" : "false")}}}""");

        error.ShouldNotContain("tensor");
        error.ShouldNotContain("Exception");
        var id = ErrorId().Match(error).Groups["id"].Value;
        var record = stage.Logs.GetSnapshot().Where(record => record.Level == LogLevel.Error).ShouldHaveSingleItem();
        record.Message.ShouldContain(id);
        record.Exception.ShouldNotBeNull().ToString().ShouldContain("tensor 7 is upside down");
    }

    [Theory]
    [InlineData("""{"text": "rumpelstilzchen"}""")]
    [InlineData("""{"text": "rumpelstilzchen", "stream": true}""")]
    [InlineData("""{"text": "rumpelstilzchen", "output_format": "opus", "speed": 1.5, "mood": "gay"}""")]
    [InlineData("""{"text": "rumpelstilzchen", "output_format": "tape", "voice_key": 7}""")]
    [InlineData("""{"text": ["rumpelstilzchen"]}""")]
    [InlineData("""{"text": {"rumpelstilzchen": "rumpelstilzchen"}}""")]
    [InlineData("\"rumpelstilzchen\"")]
    public async Task The_text_of_a_job_is_in_no_line_of_the_log(string input)
    {
        await using var stage = new QueueStage();

        await stage.RunAsync($$"""{"id": "job-1", "input": {{input}}}""");

        stage.LogText.ShouldContain("job-1");
        stage.LogText.ShouldNotContain(Word, Case.Insensitive);
    }

    [Theory]
    [InlineData(typeof(SpeechFailedException))]
    [InlineData(typeof(InvalidOperationException))]
    public async Task The_text_of_a_job_that_failed_is_not_logged_either(Type failure)
    {
        var engine = new FakeSynthesizer
        {
            BeforeFrame = (_, _) => throw (Exception)Activator.CreateInstance(failure, "It broke.")!,
        };
        await using var stage = new QueueStage { Synthesizer = engine };

        await stage.ErrorOfAsync($$"""{"text": "{{Word}}", "output_format": "wav"}""");

        stage.LogText.ShouldContain("It broke.");
        stage.LogText.ShouldNotContain(Word, Case.Insensitive);
    }

    [GeneratedRegex("under error (?<id>[0-9a-f]{8}):", RegexOptions.ExplicitCapture)]
    private static partial Regex ErrorId();
}
