using System.Runtime.InteropServices;
using Testing.Programs;
using Testing.RunPod;

namespace RunPod.Worker.Tests.Echo;

/// <summary>The published sample worker, a process of its own, serving a fake platform in this one over sockets.</summary>
internal sealed class EchoStage : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("echo-worker-");

    private EchoStage(FakeRunPod runPod) => RunPod = runPod;

    public FakeRunPod RunPod { get; }

    public RunningProgram Program { get; private set; } = null!;

    /// <summary>Starts the platform and the worker.</summary>
    /// <param name="prepare">Done to the platform before the worker starts.</param>
    /// <param name="pingIntervalMilliseconds">Time between heartbeats.</param>
    /// <param name="settings">More variables.</param>
    public static async Task<EchoStage> StartAsync(
        Action<FakeRunPod>? prepare = null,
        int pingIntervalMilliseconds = 1000,
        params (string Name, string? Value)[] settings
    )
    {
        var stage = new EchoStage(await FakeRunPod.StartAsync());
        prepare?.Invoke(stage.RunPod);
        var environment = stage.RunPod.Environment(pingIntervalMilliseconds: pingIntervalMilliseconds);
        stage.Program = stage.Run(
            [],
            [.. environment, .. settings.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))]
        );
        return stage;
    }

    /// <summary>Runs the worker without a platform, to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunLocallyAsync(
        string? testInputFile,
        params string[] arguments
    )
    {
        var folder = Directory.CreateTempSubdirectory("echo-worker-");
        try
        {
            if (testInputFile is not null)
            {
                await File.WriteAllTextAsync(Path.Combine(folder.FullName, "test_input.json"), testInputFile);
            }

            await using var program = RunningProgram.Start(
                PublishedProgram.FindEchoWorker(),
                arguments,
                [KeyValuePair.Create("ECHO_STREAM", arguments.Contains("--stream") ? "1" : null)],
                folder.FullName
            );
            return (await program.ExitAsync(), program.Output, program.Errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Waits until the worker asks for jobs.</summary>
    public Task UntilReadyAsync() =>
        FakeRunPod.WaitForAsync(() => RunPod.CountOf(RunPodRoute.Take) > 0, "the first take");

    /// <summary>The output of a job, as JSON.</summary>
    public async Task<string> OutputOfAsync(string jobId, TimeSpan? within = null) =>
        (await RunPod.ResultOf(jobId, within)).GetProperty("output").GetRawText();

    /// <summary>Asks the worker to end, and waits until it has.</summary>
    public Task<int> StopAsync(TimeSpan? within = null)
    {
        Program.Signal(PosixSignal.SIGTERM);
        return Program.ExitAsync(within);
    }

    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        await RunPod.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private RunningProgram Run(IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>> environment) =>
        RunningProgram.Start(PublishedProgram.FindEchoWorker(), arguments, environment, _folder.FullName);
}
