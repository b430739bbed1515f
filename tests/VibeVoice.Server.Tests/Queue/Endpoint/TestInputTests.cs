using System.Text.Json;
using Testing.Programs;
using VibeVoice.Server.Tests.Encoding;

namespace VibeVoice.Server.Tests.Queue.Endpoint;

/// <summary><c>vibevoice worker</c> with a job to run here: from the flag, the work directory, or beside the program.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class TestInputTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-test-input-");

    private string JobFile => Path.Combine(_folder.FullName, "test_input.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_good_job_prints_its_answer_and_nothing_else()
    {
        var (exitCode, output, errors) = await RunAsync("""{"input": {"text": "Hello there."}}""");

        exitCode.ShouldBe(0);
        // One document and a line's end: a parser that allows nothing behind it takes the whole.
        var audio = JsonElement.Parse(output).GetProperty("output").GetProperty("audio_base64").GetBytesFromBase64();
        (await Listener.ProbeAsync(audio)).Codec.ShouldBe("mp3");
        errors.ShouldContain("Spoke 12 characters");
    }

    [Fact]
    public async Task A_streaming_job_prints_all_its_pieces()
    {
        var (exitCode, output, _) = await RunAsync("""{"input": {"text": "Hello there.", "stream": true}}""");

        exitCode.ShouldBe(0);
        var items = JsonElement.Parse(output).GetProperty("output").EnumerateArray().ToList();
        var file = items[..^1].SelectMany(item => item.GetProperty("audio_base64").GetBytesFromBase64()).ToArray();
        items[^1].GetProperty("metadata").GetProperty("bytes").GetInt32().ShouldBe(file.Length);
    }

    [Theory]
    [InlineData("""{"input": {"text": "", "speed": 9}}""", "'speed' is 9, but must be")]
    [InlineData("""{"input": "Hello"}""", "'input' is a string, but must be an object")]
    [InlineData("""{"text": "Hello"}""", "The job has no 'input'")]
    [InlineData("{}", "The job has no 'input'")]
    public async Task A_rejected_job_prints_its_error_as_json_and_fails(string job, string words)
    {
        var (exitCode, output, _) = await RunAsync(job);

        exitCode.ShouldBe(1);
        var property = JsonElement.Parse(output).EnumerateObject().ShouldHaveSingleItem();
        property.Name.ShouldBe("error");
        property.Value.GetString()!.ShouldContain(words);
    }

    [Theory]
    [InlineData("{input: 1}", "--test_input is not valid JSON: ")]
    [InlineData("", "--test_input is not valid JSON: ")]
    [InlineData("[1]", "--test_input is an array, but must be an object")]
    public async Task What_is_no_job_at_all_is_told_on_standard_error(string job, string words)
    {
        var (exitCode, output, errors) = await RunAsync(job);

        exitCode.ShouldBe(1);
        output.ShouldBeEmpty();
        errors.Split('\n')[0].ShouldStartWith($"vibevoice: {words}");
    }

    [Fact]
    public async Task The_job_is_looked_for_in_the_work_directory_then_beside_the_program()
    {
        var program = CopyOfTheProgram();
        var beside = Path.Combine(Path.GetDirectoryName(program)!, "test_input.json");

        await File.WriteAllTextAsync(beside, Job("beside"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(JobFile, Job("here"), TestContext.Current.CancellationToken);
        (await WarningOfAsync(program)).ShouldContain("'here'");

        File.Delete(JobFile);
        (await WarningOfAsync(program)).ShouldContain("'beside'");

        File.Delete(beside);
        var (exitCode, output, errors) = await RunAsync(job: null, program);
        exitCode.ShouldBe(1);
        output.ShouldBeEmpty();
        var line = errors.TrimEnd().Split('\n').ShouldHaveSingleItem();
        line.ShouldContain("RUNPOD_WEBHOOK_GET_JOB is not set");
        line.ShouldContain(JobFile);
        line.ShouldContain(beside);
    }

    [Fact]
    public async Task A_flag_wins_over_the_queue_and_the_queue_over_a_file()
    {
        await using var stage = await EndpointStage.StartAsync();
        var file = Path.Combine(stage.WorkDirectory, "test_input.json");
        await File.WriteAllTextAsync(file, Job("file"), TestContext.Current.CancellationToken);
        await stage.StopAsync();
        stage.RunPod.Enqueue("queued", """{"text": "Hello there."}""");

        await using var flagged = stage.Run("worker", "--test_input", Job("flag"));
        (await flagged.ExitAsync()).ShouldBe(0);
        flagged.Output.ShouldContain("'flag'");
        stage.RunPod.ResultsOf("queued").ShouldBeEmpty();

        await using var queued = stage.Run("worker");
        await stage.RunPod.ResultOf("queued");
        queued.Output.ShouldNotContain("'file'");
    }

    /// <summary>A job that names itself in its answer, through a field that nobody knows.</summary>
    private static string Job(string name) => $$$"""{"input": {"{{{name}}}": 1, "text": "Hello there."}}""";

    private async Task<string> WarningOfAsync(string program)
    {
        var (exitCode, output, errors) = await RunAsync(job: null, program);
        exitCode.ShouldBe(0, errors);
        return JsonElement
            .Parse(output)
            .GetProperty("output")
            .GetProperty("metadata")
            .GetProperty("warnings")
            .GetRawText();
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(string? job, string? program = null)
    {
        string[] arguments = job is null ? ["worker"] : ["worker", "--test_input", job];
        Dictionary<string, string?> environment = new(StringComparer.Ordinal) { ["VIBEVOICE_ENGINE"] = "preview" };
        program ??= PublishedProgram.Find();
        await using var run = RunningProgram.Start(program, arguments, environment, _folder.FullName);
        return (await run.ExitAsync(), run.Output, run.Errors);
    }

    /// <summary>The program in another place, where files beside it may come and go.</summary>
    private string CopyOfTheProgram()
    {
        var published = PublishedProgram.Find();
        var copy = Directory.CreateDirectory(Path.Combine(_folder.FullName, "program"));
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(published)!))
        {
            File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
        }

        return Path.Combine(copy.FullName, Path.GetFileName(published));
    }
}
