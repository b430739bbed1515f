using Testing.RunPod;

namespace RunPod.Worker.Tests.Echo;

/// <summary>The sample does what its inputs say, on a queue and alone.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class EchoTests
{
    [Theory]
    [InlineData("""{"echo": {"a": [1, null, "ü"]}}""", """{"echo":{"a":[1,null,"ü"]}}""")]
    [InlineData("""{"echo": null}""", """{"echo":null}""")]
    [InlineData("""{"bytes": 5}""", """{"data":"xxxxx"}""")]
    [InlineData("""{"sleep_ms": 20, "spin_ms": 20, "progress": 3, "echo": 1}""", """{"echo":1}""")]
    [InlineData("{}", "{}")]
    public async Task An_input_gives_its_output(string input, string expected)
    {
        await using var stage = await EchoStage.StartAsync();

        stage.RunPod.Enqueue("j-1", input);

        var output = System.Text.Json.Nodes.JsonNode.Parse(await stage.OutputOfAsync("j-1"));
        System
            .Text.Json.Nodes.JsonNode.DeepEquals(output, System.Text.Json.Nodes.JsonNode.Parse(expected))
            .ShouldBeTrue();
    }

    [Fact]
    public async Task Bad_inputs_and_failures_are_errors_that_say_what_is_wrong()
    {
        await using var stage = await EchoStage.StartAsync();

        stage.RunPod.Enqueue("fail", """{"fail": "It's \"over\"."}""");
        stage.RunPod.Enqueue("type", """{"sleep_ms": "long"}""");
        stage.RunPod.Enqueue("list", "[1]");
        stage.RunPod.Enqueue("null", "null");
        stage.RunPod.Enqueue("stream", """{"stream": 3}""");

        var failure = System.Text.Json.JsonElement.Parse(await ErrorOf("fail"));
        failure.GetProperty("error_message").GetString().ShouldBe("It's \"over\".");
        (await ErrorOf("type")).ShouldStartWith("'input.sleep_ms' cannot be read");
        (await ErrorOf("list")).ShouldStartWith("'input' cannot be read");
        (await ErrorOf("null")).ShouldContain("no 'input'");
        (await ErrorOf("stream")).ShouldContain("ECHO_STREAM=1");

        async Task<string> ErrorOf(string jobId) =>
            (await stage.RunPod.ResultOf(jobId)).GetProperty("error").GetString()!;
    }

    [Fact]
    public async Task With_its_variable_it_streams()
    {
        await using var stage = await EchoStage.StartAsync(settings: ("ECHO_STREAM", "1"));

        stage.RunPod.Enqueue("j-1", """{"stream": 5}""");
        stage.RunPod.Enqueue("j-2", """{"echo": "x"}""");

        (await stage.OutputOfAsync("j-1")).ShouldBe("[]");
        (await stage.OutputOfAsync("j-2")).ShouldBe("[]");
        stage.RunPod.PiecesOf("j-1").Select(piece => piece.GetProperty("output").GetInt32()).ShouldBe([0, 1, 2, 3, 4]);
        stage.RunPod.PiecesOf("j-2")[0].GetRawText().ShouldBe("""{"output":{"echo":"x"}}""");
        stage.RunPod.RequestsTo(RunPodRoute.Result)[0].Query.ShouldEndWith("isStream=true");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    public async Task A_concurrency_that_cannot_work_stops_the_start_with_a_sentence(string value)
    {
        await using var stage = await EchoStage.StartAsync(settings: ("ECHO_CONCURRENCY", value));

        (await stage.Program.ExitAsync()).ShouldBe(2);
        stage.Program.Output.ShouldContain("Concurrency is 0, but must be 1 or more.");
        stage.RunPod.CountOf(RunPodRoute.Take).ShouldBe(0);
    }

    [Fact]
    public async Task Alone_it_runs_the_job_of_the_flag_and_prints_what_a_client_would_get()
    {
        var (exitCode, output, errors) = await EchoStage.RunLocallyAsync(
            testInputFile: """{"input": {"echo": "file"}}""",
            "--test_input={\"input\": {\"echo\": \"flag ü\"}}",
            "--rp_log_level",
            "DEBUG",
            "--unknown"
        );

        exitCode.ShouldBe(0, errors);
        output.ShouldBe("{\"output\":{\"echo\":\"flag ü\"}}\n");
    }

    [Theory]
    [InlineData("""{"input": {"echo": "file"}}""", 0, "{\"output\":{\"echo\":\"file\"}}\n", "")]
    [InlineData("""{"input": {"fail": "boom"}}""", 1, "boom", "boom")]
    [InlineData("{}", 1, "has no 'input'", "")]
    [InlineData("{", 1, "", "is not valid JSON")]
    [InlineData(null, 1, "", "RUNPOD_WEBHOOK_GET_JOB is not set")]
    public async Task Alone_it_runs_the_job_in_the_file(string? file, int exitCode, string output, string errors)
    {
        var result = await EchoStage.RunLocallyAsync(file);

        result.ExitCode.ShouldBe(exitCode);
        result.Output.ShouldContain(output);
        result.Errors.ShouldContain(errors);
    }

    [Fact]
    public async Task Alone_a_stream_is_collected()
    {
        var result = await EchoStage.RunLocallyAsync(null, "--test_input", """{"input": {"stream": 3}}""", "--stream");

        result.Output.ShouldBe("{\"output\":[0,1,2]}\n");
    }

    [Fact]
    public async Task A_flag_with_a_bad_value_stops_it_with_a_sentence()
    {
        var result = await EchoStage.RunLocallyAsync(null, "--rp_api_port", "many", "--rp_log_level", "loud");

        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldContain("--rp_api_port is 'many'");
        result.Errors.ShouldContain("--rp_log_level is 'loud'");
    }
}
