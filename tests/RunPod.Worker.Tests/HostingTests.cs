using System.Text.Json.Serialization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RunPod.Worker.Hosting;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

[Collection(ProcessesCollection.Name)]
public sealed partial class HostingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_serves_the_queue_until_it_stops_and_lets_jobs_finish()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var host = Build(runPod.Environment());
        await host.StartAsync(Token);
        runPod.Enqueue("j-1", "400");
        await FakeRunPod.WaitForAsync(() => Sleeper.Started > 0, "the job");

        await host.StopAsync(Token);

        (await runPod.ResultOf("j-1")).GetProperty("output").GetInt32().ShouldBe(400);
        host.Services.GetRequiredService<IOptions<HostOptions>>()
            .Value.ShutdownTimeout.ShouldBeGreaterThan(TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task A_host_with_wrong_options_does_not_start()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var host = Build(runPod.Environment(), options => options with { Concurrency = 0, PingUrl = "x" });

        var error = await Should.ThrowAsync<InvalidOperationException>(() => host.StartAsync(Token));

        error.Message.ShouldContain("Concurrency is 0");
        error.Message.ShouldContain("RUNPOD_WEBHOOK_PING is 'x'");
    }

    [Fact]
    public async Task A_worker_that_ends_by_itself_ends_its_host_with_its_code()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        FitnessCheck[] checks = [new("broken", _ => throw new InvalidOperationException("no"))];
        using var host = Build(
            runPod.Environment(),
            options => options with { Fitness = options.Fitness with { Checks = checks } }
        );
        try
        {
            await host.RunAsync(Token).WaitAsync(TimeSpan.FromSeconds(20), Token);

            Environment.ExitCode.ShouldBe(1);
        }
        finally
        {
            Environment.ExitCode = 0;
        }
    }

    private static IHost Build(
        IReadOnlyDictionary<string, string?> environment,
        Func<RunPodWorkerOptions, RunPodWorkerOptions>? configure = null
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(environment);
        builder.Services.AddRunPodWorker<Sleeper, int, int>(HostJson.Default, configure);
        return builder.Build();
    }

    private sealed class Sleeper : IJobHandler<int, int>
    {
        public static int Started { get; private set; }

        public async Task<int> HandleAsync(int input, JobContext job, CancellationToken cancellationToken)
        {
            Started++;
            await Task.Delay(input, cancellationToken);
            return input;
        }
    }

    [JsonSerializable(typeof(int))]
    private sealed partial class HostJson : JsonSerializerContext;
}
