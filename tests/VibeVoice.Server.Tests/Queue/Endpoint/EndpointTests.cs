using System.Text.Json;
using Testing.RunPod;
using VibeVoice.Server.Tests.Delivery;
using VibeVoice.Server.Tests.Encoding;

namespace VibeVoice.Server.Tests.Queue.Endpoint;

/// <summary>A job goes in and its answer comes out, as on RunPod: the real program, sockets, processes and a bucket.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class EndpointTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_spoken_encoded_uploaded_and_answered()
    {
        await using var stage = await EndpointStage.StartAsync((await server.GetAsync(Token)).Url);
        stage.RunPod.Enqueue("job-1", """{"text": "Hello there, how are you today?", "voice_key": "en-Carter_man"}""");

        var output = (await stage.RunPod.ResultOf("job-1")).GetProperty("output");

        var metadata = output.GetProperty("metadata");
        metadata.GetProperty("engine").GetString().ShouldBe("preview");
        metadata.GetProperty("model").GetString()!.ShouldStartWith("espeak-ng ");
        metadata.GetProperty("voice").GetString().ShouldBe("en-Carter_man");
        var file = await stage.DownloadAsync(output.GetProperty("audio_url").GetString()!);
        file.Length.ShouldBe(metadata.GetProperty("bytes").GetInt32());
        var probed = await Listener.ProbeAsync(file);
        probed.Codec.ShouldBe("mp3");
        probed.SampleRateHz.ShouldBe(24_000);
        var seconds = metadata.GetProperty("duration_seconds").GetDouble();
        seconds.ShouldBeInRange(1, 5);
        probed.DurationSeconds.ShouldNotBeNull().ShouldBe(seconds, tolerance: 0.15);
        probed.Tags.Values.ShouldContain(tag => tag.Contains("AI-generated", StringComparison.Ordinal));
        (await stage.KeysAsync()).ShouldHaveSingleItem().ShouldBe(metadata.GetProperty("key").GetString());
        (await stage.StopAsync()).ShouldBe(0);
        stage.Program.Children.ShouldBeEmpty();
        stage.TempFiles.ShouldBeEmpty();
    }

    [Fact]
    public async Task One_worker_answers_every_kind_of_job()
    {
        await using var stage = await EndpointStage.StartAsync();
        var queue = stage.RunPod;
        queue.Enqueue("base64", """{"text": "Hello there.", "output_format": "flac"}""");
        queue.Enqueue("bad", """{"text": "  ", "voice_key": "en-Nobody", "speed": 9}""");
        queue.Enqueue("stream", """{"text": "Hello there.", "output_format": "mp3", "stream": true}""");
        queue.EnqueueRaw("""{"id": "number", "input": 7}""");

        var base64 = (await queue.ResultOf("base64")).GetProperty("output").GetProperty("audio_base64");
        (await Listener.ProbeAsync(base64.GetBytesFromBase64())).Codec.ShouldBe("flac");

        var error = (await queue.ResultOf("bad")).GetProperty("error").GetString()!;
        error.ShouldContain("'text' ");
        error.ShouldContain("en-Nobody");
        error.ShouldContain("'speed' is 9, but must be");

        await queue.ResultOf("stream");
        var pieces = queue.PiecesOf("stream").Select(piece => piece.GetProperty("output")).ToList();
        var file = pieces[..^1].SelectMany(piece => piece.GetProperty("audio_base64").GetBytesFromBase64()).ToArray();
        (await Listener.ProbeAsync(file)).Codec.ShouldBe("mp3");
        pieces[^1].GetProperty("metadata").GetProperty("bytes").GetInt32().ShouldBe(file.Length);

        (await queue.ResultOf("number")).GetProperty("error").GetString()!.ShouldContain("'input' is the number 7");
    }

    [Fact]
    public async Task A_result_is_posted_until_the_platform_has_it()
    {
        await using var stage = await EndpointStage.StartAsync();
        stage.RunPod.FaultNext(RunPodRoute.Result, new Fault.Status(503), new Fault.CloseBefore());
        stage.RunPod.Enqueue("job", """{"text": "Hello there."}""");

        var result = await stage.RunPod.ResultOf("job");
        (await stage.StopAsync()).ShouldBe(0);

        result.GetProperty("output").GetProperty("audio_base64").GetString().ShouldNotBeNullOrEmpty();
        stage.RunPod.RequestsTo(RunPodRoute.Result).Count.ShouldBe(3);
        stage.RunPod.ResultsOf("job").Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("1", false)]
    [InlineData("2", true)]
    public async Task As_many_jobs_run_at_once_as_are_allowed_and_the_heartbeat_names_them(
        string concurrency,
        bool areTogether
    )
    {
        await using var stage = await EndpointStage.StartAsync(s3: null, ("WORKER_CONCURRENCY", concurrency));
        stage.RunPod.Enqueue("first", LongText.Short);
        stage.RunPod.Enqueue("second", LongText.Short);

        await stage.RunPod.ResultOf("first");
        await stage.RunPod.ResultOf("second");

        var pings = stage
            .RunPod.RequestsTo(RunPodRoute.Ping)
            .Select(ping => Uri.UnescapeDataString(ping.Query))
            .ToList();
        pings.ShouldContain(query => query.Contains("job_id=first", StringComparison.Ordinal));
        pings.Any(query => query.Contains("job_id=first,second", StringComparison.Ordinal)).ShouldBe(areTogether);
    }

    [Fact]
    public async Task On_an_endpoint_every_line_on_standard_output_is_json_and_names_its_job()
    {
        await using var stage = await EndpointStage.StartAsync(
            s3: null,
            ("RUNPOD_ENDPOINT_ID", "endpoint-1"),
            ("RUNPOD_LOG_LEVEL", "TRACE")
        );
        stage.RunPod.Enqueue("job-1", """{"text": "Rumpelstilzchen."}""");
        stage.RunPod.Enqueue("job-2", """{"text": "Rumpelstilzchen.", "output_format": "tape"}""");
        await stage.RunPod.ResultOf("job-1");
        await stage.RunPod.ResultOf("job-2");

        (await stage.StopAsync()).ShouldBe(0);

        var lines = stage.Program.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var records = lines.Select(line => JsonElement.Parse(line)).ToList();
        records.ShouldAllBe(record => record.GetProperty("message").GetString()!.Length > 0);
        records.ShouldAllBe(record => record.GetProperty("level").GetString()!.Length > 0);
        var jobs = records.Select(record => record.GetProperty("requestId").GetString()).ToList();
        jobs.ToHashSet(StringComparer.Ordinal).ShouldBe([null, "job-1", "job-2"], ignoreOrder: true);
        stage.Program.Errors.ShouldBeEmpty();
        stage.Program.Output.ShouldContain("Ready to speak: engine preview");
        stage.Program.Output.ShouldNotContain("rumpelstilzchen", Case.Insensitive);
    }

    [Fact]
    public async Task A_job_that_takes_too_long_fails_and_leaves_nothing()
    {
        await using var stage = await EndpointStage.StartAsync(s3: null, ("JOB_TIMEOUT_SECONDS", "1"));
        stage.RunPod.Enqueue("job", LongText.Endless);

        var result = await stage.RunPod.ResultOf("job");

        result.GetProperty("error").GetString()!.ShouldContain("longer than 1 seconds");
        stage.Program.Children.ShouldBeEmpty();
    }
}
