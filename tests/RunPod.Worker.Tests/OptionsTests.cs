using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace RunPod.Worker.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void The_variables_of_the_platform_are_read()
    {
        var options = Read(
            ("RUNPOD_WEBHOOK_GET_JOB", "https://a/job-take/$ID"),
            ("RUNPOD_WEBHOOK_POST_OUTPUT", "https://a/done"),
            ("RUNPOD_WEBHOOK_POST_STREAM", "https://a/stream"),
            ("RUNPOD_WEBHOOK_PING", "https://a/ping"),
            ("RUNPOD_PING_INTERVAL", "4000"),
            ("RUNPOD_AI_API_KEY", " rpa_KEY "),
            ("RUNPOD_POD_ID", "pod"),
            ("RUNPOD_ENDPOINT_ID", "ep"),
            ("RUNPOD_GPU_TYPE_ID", "L4")
        );

        options.HasQueue.ShouldBeTrue();
        options.TakeUrl.ShouldBe("https://a/job-take/$ID");
        options.ResultUrl.ShouldBe("https://a/done");
        options.StreamUrl.ShouldBe("https://a/stream");
        options.PingUrl.ShouldBe("https://a/ping");
        options.PingInterval.ShouldBe(TimeSpan.FromSeconds(4));
        options.ApiKey.ShouldBe("rpa_KEY");
        options.WorkerId.ShouldBe("pod");
        options.EndpointId.ShouldBe("ep");
        options.GpuTypeId.ShouldBe("L4");
    }

    [Fact]
    public void Without_a_take_url_there_is_no_queue() =>
        Read(("RUNPOD_WEBHOOK_GET_JOB", " ")).HasQueue.ShouldBeFalse();

    [Theory]
    [InlineData("TRACE", LogLevel.Trace)]
    [InlineData("notset", LogLevel.Trace)]
    [InlineData("Debug", LogLevel.Debug)]
    [InlineData("WARN", LogLevel.Warning)]
    [InlineData("WARNING", LogLevel.Warning)]
    [InlineData("ERROR", LogLevel.Error)]
    [InlineData(null, LogLevel.Information)]
    [InlineData("20", LogLevel.Information)]
    public void Log_levels_have_the_names_of_the_platform(string? name, LogLevel expected) =>
        Read(("RUNPOD_LOG_LEVEL", name)).LogLevel.ShouldBe(expected);

    [Fact]
    public void The_second_name_of_the_log_level_counts_where_the_first_is_missing() =>
        Read(("RUNPOD_DEBUG_LEVEL", "ERROR")).LogLevel.ShouldBe(LogLevel.Error);

    [Theory]
    [InlineData("soon")]
    [InlineData("0")]
    [InlineData("-5")]
    public void A_strange_ping_interval_is_ignored_with_a_warning(string text)
    {
        var options = Read(("RUNPOD_PING_INTERVAL", text));

        options.PingInterval.ShouldBe(TimeSpan.FromSeconds(10));
        options.Warnings.ShouldHaveSingleItem().ShouldContain($"'{text}'");
    }

    [Fact]
    public void The_key_is_not_in_the_text_of_the_options() =>
        Read(("RUNPOD_AI_API_KEY", "rpa_SECRET")).ToString().ShouldNotContain("SECRET");

    [Fact]
    public async Task Bad_options_are_named_all_at_once()
    {
        var options = Read(("RUNPOD_WEBHOOK_GET_JOB", "ftp://a"), ("RUNPOD_AI_API_KEY", "a\nb")) with
        {
            Concurrency = 0,
        };

        using var logs = new FakeLoggerProvider();
        using var factory = new LoggerFactory([logs]);
        var exitCode = await RunPodWorker.RunAsync(
            TestWorker.Echo,
            options with
            {
                LoggerFactory = factory,
            },
            CancellationToken.None
        );

        exitCode.ShouldBe(2);
        var lines = logs.Collector.GetSnapshot().Select(line => line.Message).ToList();
        lines.Count.ShouldBe(4);
        lines[0].ShouldStartWith("RUNPOD_WEBHOOK_GET_JOB is 'ftp://a'");
        lines[1].ShouldStartWith("RUNPOD_WEBHOOK_POST_OUTPUT is not set");
        lines.ShouldContain(line => line.StartsWith("RUNPOD_AI_API_KEY holds"));
        lines.ShouldContain(line => line.StartsWith("Concurrency is 0"));
    }

    private static RunPodWorkerOptions Read(params (string Name, string? Value)[] variables) =>
        RunPodWorkerOptions.FromEnvironment(variables.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal));
}
