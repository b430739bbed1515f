using System.Diagnostics;
using Testing.Programs;
using Testing.RunPod;
using Testing.S3;
using VibeVoice.Server.Tests.Delivery;

namespace VibeVoice.Server.Tests.Queue.Endpoint;

/// <summary>Being told to stop: a job by its client, the worker by the platform.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class EndpointStopTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_idle_worker_ends_at_once()
    {
        await using var stage = await EndpointStage.StartAsync();
        // As the real platform, which holds a take back for up to ninety seconds.
        stage.RunPod.Hold = TimeSpan.FromSeconds(60);
        await stage.UntilReadyAsync();
        var asked = Stopwatch.StartNew();

        (await stage.StopAsync()).ShouldBe(0);

        asked.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(1));
        stage.Program.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_worker_that_is_told_to_end_answers_its_job_first_and_takes_no_other()
    {
        await using var stage = await EndpointStage.StartAsync();
        stage.RunPod.Enqueue("job", LongText.Short);
        await stage.UntilChildAsync("ffmpeg");

        var ending = stage.StopAsync();
        stage.RunPod.Enqueue("late", """{"text": "Hello there."}""");

        (await ending).ShouldBe(0);
        var result = stage.RunPod.ResultsOf("job").ShouldHaveSingleItem();
        result.GetProperty("output").GetProperty("audio_base64").GetString().ShouldNotBeNullOrEmpty();
        // A busy machine takes so long that progress is told before.
        stage.RunPod.RequestsTo(RunPodRoute.Result).Where(request => !request.IsProgress).ShouldHaveSingleItem();
        stage.Program.Children.ShouldBeEmpty();
        stage.TempFiles.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_that_its_client_stops_frees_the_slot_and_leaves_nothing()
    {
        await using var proxy = await S3Proxy.StartAsync((await server.GetAsync(Token)).Url, Token);
        await using var stage = await EndpointStage.StartAsync(proxy.Url);
        stage.RunPod.Enqueue("job", LongText.Endless);
        await stage.UntilChildAsync("ffmpeg");
        var stopped = Stopwatch.StartNew();

        stage.RunPod.Stop("job");
        stage.RunPod.Enqueue("next", """{"text": "Hello there."}""");
        await stage.RunPod.ResultOf("next");

        stopped.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        stage.RunPod.ResultsOf("job").ShouldBeEmpty();
        stage.Program.Children.ShouldBeEmpty();
        (await stage.KeysAsync()).ShouldHaveSingleItem().ShouldEndWith("/next.mp3");
        proxy.OpenUploads.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_tool_that_is_killed_fails_its_job_and_not_the_worker()
    {
        await using var stage = await EndpointStage.StartAsync();
        stage.RunPod.Enqueue("job", LongText.Endless);
        await stage.UntilChildAsync("ffmpeg");

        foreach (var child in stage.Program.Children.Where(child => child.Name is "ffmpeg"))
        {
            ProcessTable.Signal(child.Id, 9);
        }

        var error = (await stage.RunPod.ResultOf("job")).GetProperty("error").GetString()!;
        error.ShouldContain("'ffmpeg' was killed by signal 9 (SIGKILL)");
        stage.RunPod.Enqueue("next", """{"text": "Hello there."}""");
        (await stage.RunPod.ResultOf("next")).TryGetProperty("output", out _).ShouldBeTrue();
        stage.Program.Children.ShouldBeEmpty();
    }
}
