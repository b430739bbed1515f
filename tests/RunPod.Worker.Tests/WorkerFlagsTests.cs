using Microsoft.Extensions.Logging;

namespace RunPod.Worker.Tests;

public sealed class WorkerFlagsTests
{
    [Fact]
    public void Known_flags_are_read_and_unknown_ones_are_left_in_order()
    {
        var flags = Parse(
            "serve --test_input={\"input\":1} --mine x --rp_log_level warn --rp_debugger --rp_serve_api "
                + "--rp_api_host 0.0.0.0 --rp_api_port=9000 --rp_api_concurrency 3 --rp_unknown --other=1"
        );

        flags.TestInput.ShouldBe("{\"input\":1}");
        flags.LogLevel.ShouldBe(LogLevel.Warning);
        flags.IsDebugging.ShouldBeTrue();
        flags.ServesApi.ShouldBeTrue();
        flags.ApiHost.ShouldBe("0.0.0.0");
        flags.ApiPort.ShouldBe(9000);
        flags.ApiConcurrency.ShouldBe(3);
        flags.Rest.ShouldBe(["serve", "--mine", "x", "--rp_unknown", "--other=1"]);
        flags.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void Without_flags_nothing_is_asked_for()
    {
        var flags = Parse("");

        flags.TestInput.ShouldBeNull();
        flags.ServesApi.ShouldBeFalse();
        flags.ApiHost.ShouldBe("localhost");
        flags.ApiPort.ShouldBe(8000);
    }

    [Theory]
    [InlineData("--rp_api_port 65536", "--rp_api_port is '65536', but must be a whole number from 0 to 65535.")]
    [InlineData("--rp_api_concurrency 0", "--rp_api_concurrency is '0', but must be a whole number, 1 or more.")]
    [InlineData(
        "--rp_log_level loud",
        "--rp_log_level is 'loud', but must be one of NOTSET, TRACE, DEBUG, INFO, WARN, ERROR."
    )]
    [InlineData("--test_input", "--test_input needs a value.")]
    public void A_value_that_cannot_work_is_told(string line, string problem) =>
        Parse(line).Problems.ShouldHaveSingleItem().ShouldBe(problem);

    [Fact]
    public void A_flag_wins_over_the_environment() =>
        RunPodWorkerOptions
            .FromEnvironment(name => name is "RUNPOD_LOG_LEVEL" ? "DEBUG" : null)
            .WithFlags(Parse("--rp_log_level ERROR"))
            .LogLevel.ShouldBe(LogLevel.Error);

    private static WorkerFlags Parse(string line) =>
        WorkerFlags.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
