using System.Text.Json;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Jobs;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

public sealed class LogFormatTests
{
    [Theory]
    [InlineData(LogLevel.Information, "INFO   | Ready.\n")]
    [InlineData(LogLevel.Warning, "WARN   | Ready.\n")]
    [InlineData(LogLevel.Critical, "ERROR  | Ready.\n")]
    [InlineData(LogLevel.Debug, "")]
    public void A_line_for_people_has_a_padded_level(LogLevel level, string expected) =>
        Write(json: false, logger => Say(logger, level, "Ready.")).ShouldBe(expected);

    [Fact]
    public void A_line_for_people_names_the_job() =>
        Write(
                json: false,
                logger =>
                {
                    using var outer = logger.BeginScope("unrelated");
                    using var scope = logger.BeginScope(JobScope.For("j-1"));
                    Say(logger, LogLevel.Information, "Done.");
                }
            )
            .ShouldBe("INFO   | j-1 | Done.\n");

    [Fact]
    public void A_line_for_the_platform_is_one_json_object()
    {
        var lines = Write(
            json: true,
            logger =>
            {
                Say(logger, LogLevel.Information, "héllo \"x\"\nsecond line");
                using var scope = logger.BeginScope(JobScope.For("j-1"));
                Say(logger, LogLevel.Error, "Bad.", new InvalidOperationException("broken"));
            }
        );

        var all = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        all.Length.ShouldBe(2);
        all[0].ShouldBe("""{"requestId":null,"message":"héllo \"x\"\nsecond line","level":"INFO"}""");
        var error = JsonElement.Parse(all[1]);
        error.GetProperty("requestId").GetString().ShouldBe("j-1");
        error.GetProperty("message").GetString()!.ShouldContain("broken");
    }

    [Fact]
    public void A_long_message_is_cut_in_its_middle()
    {
        var line = Write(json: false, logger => Say(logger, LogLevel.Information, $"A{new string('x', 10_000)}Z"));

        line.Length.ShouldBeLessThan(4300);
        line.ShouldStartWith("INFO   | Ax");
        line.ShouldEndWith("xZ\n");
        line.ShouldContain("5906 characters left out");
    }

    [Fact]
    public async Task Lines_about_a_job_carry_its_id()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var output = new StringWriter();
        using var factory = new LoggerFactory([new RunPodLoggerProvider(output, json: true, LogLevel.Information)]);
        using var stopping = new CancellationTokenSource();
        var handlerLogger = factory.CreateLogger("handler");
        var ended = RunPodWorker.RunAsync(
            (job, token) =>
            {
                Say(handlerLogger, LogLevel.Information, "From the handler.");
                return TestWorker.Echo(job, token);
            },
            RunPodWorkerOptions.FromEnvironment(runPod.Environment()) with
            {
                LoggerFactory = factory,
                StopsOnSignals = false,
            },
            stopping.Token
        );

        runPod.Enqueue("j-1");
        await runPod.ResultOf("j-1");
        await stopping.CancelAsync();
        await ended;

        var lines = output
            .ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonElement.Parse(line))
            .ToList();
        lines
            .Where(line => line.GetProperty("requestId").GetString() is "j-1")
            .Select(line => line.GetProperty("message").GetString()!)
            .ShouldContain("From the handler.", StringComparer.Ordinal);
        lines[0].GetProperty("requestId").GetString().ShouldBeNull();
    }

    private static void Say(ILogger logger, LogLevel level, string message, Exception? exception = null) =>
        logger.Log(level, default, message, exception, (text, _) => text);

    private static string Write(bool json, Action<ILogger> write)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var provider = new RunPodLoggerProvider(output, json, LogLevel.Information);
        write(provider.CreateLogger("test"));
        return output.ToString();
    }
}
