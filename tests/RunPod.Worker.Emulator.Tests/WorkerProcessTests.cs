using System.Text.Json;
using Testing.Programs;
using Testing.RunPod;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>Worker programs as they are deployed, in processes of their own, against the emulator.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class WorkerProcessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("emulator-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_job_of_a_worker_that_is_killed_is_done_by_another()
    {
        await using var stage = await EmulatorStage.StartAsync(o =>
            o with
            {
                PollHold = TimeSpan.FromSeconds(5),
                HeartbeatInterval = TimeSpan.FromMilliseconds(500),
            }
        );
        var first = StartEcho(stage, "first");
        var id = await stage.RunAsync("""{"sleep_ms": 3600000}""");
        await stage.WaitForStateAsync(id, "IN_PROGRESS");
        await using var second = StartEcho(stage, "second");

        await first.DisposeAsync(); // by SIGKILL
        await stage.WaitForWorkerAsync(id, "second");

        (await stage.GetAsync($"status/{id}")).Json.GetProperty("retries").GetInt32().ShouldBe(1);
        await stage.PostAsync($"cancel/{id}");
        var next = await stage.PostAsync("runsync", """{"input": {"echo": "done"}}""");
        next.Json.GetProperty("output").GetProperty("echo").GetString().ShouldBe("done");
        next.Json.GetProperty("workerId").GetString().ShouldBe("second");
    }

    [Fact]
    public async Task The_program_serves_the_endpoint_api_speaks_and_ends_cleanly()
    {
        await using var program = RunningProgram.Start(
            PublishedProgram.Find(),
            ["worker", "--rp_serve_api", "--rp_api_port", "0", "--rp_api_concurrency", "2"],
            [new("VIBEVOICE_ENGINE", "preview")],
            _folder.FullName
        );
        await program.WaitForTextAsync("One more worker");
        var endpoint = new Uri(program.Output.Split("The endpoint API is at ")[1].Split(' ')[0]);
        program.Output.ShouldContain($"curl -s {endpoint}/runsync -H 'content-type: application/json' -d '{{");
        await program.WaitForTextAsync("2 job(s) at once");

        await using var sdk = RunPodSdk.Start(new Uri(endpoint, "."), "local");
        var spoken = await sdk.CallAsync(
            "runSync",
            new { input = new { text = "Hello there.", output_format = "wav" } }
        );
        Audio(spoken).AsSpan(0, 4).SequenceEqual("RIFF"u8).ShouldBeTrue();

        using var http = new HttpClient();
        using var job = new StringContent(
            """{"input": {"text": "Hello there.", "stream": true, "output_format": "mp3"}}"""
        );
        using var sent = await http.PostAsync(new Uri($"{endpoint}/run"), job, TestContext.Current.CancellationToken);
        var id = JsonElement.Parse(await sent.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var pieces = await sdk.CallAsync("stream", id.GetProperty("id").GetString()!);
        pieces[0].GetProperty("output").GetProperty("audio_base64").GetBytesFromBase64().ShouldNotBeEmpty();
        pieces[pieces.GetArrayLength() - 1]
            .GetProperty("output")
            .GetProperty("metadata")
            .ValueKind.ShouldBe(JsonValueKind.Object);

        program.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
        (await program.ExitAsync()).ShouldBe(0);
        program.Output.ShouldContain("COMPLETED, worker local-");

        static byte[] Audio(JsonElement answer) =>
            answer.GetProperty("output").GetProperty("audio_base64").GetBytesFromBase64();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_in_a_sentence()
    {
        await using var stage = await EmulatorStage.StartAsync();
        await using var program = RunningProgram.Start(
            PublishedProgram.Find(),
            [
                "worker",
                "--rp_serve_api",
                "--rp_api_host",
                "127.0.0.1",
                "--rp_api_port",
                $"{stage.Emulator.BaseUrl.Port}",
            ],
            [new("VIBEVOICE_ENGINE", "preview")],
            _folder.FullName
        );

        (await program.ExitAsync()).ShouldBe(2);
        program.Output.ShouldContain("The local API cannot listen: Failed to bind to address");
        program.Output.ShouldContain("--rp_api_port");
    }

    private RunningProgram StartEcho(EmulatorStage stage, string id) =>
        RunningProgram.Start(
            PublishedProgram.FindEchoWorker(),
            [],
            [
                .. stage.Emulator.WorkerEnvironment(id),
                new("RUNPOD_SKIP_AUTO_SYSTEM_CHECKS", "true"),
                new("RUNPOD_SKIP_GPU_CHECK", "true"),
            ],
            _folder.FullName
        );
}
