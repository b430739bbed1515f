namespace VibeVoice.Server.Tests.Queue.Endpoint;

/// <summary>What must be right before the first job is taken, and what is said where it is not.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class EndpointStartTests
{
    /// <summary>Settings, and the lines on standard error that they come to, each behind "vibevoice: ".</summary>
    private const string NoModel =
        "MODEL_PATH is '/nowhere', which is no folder with a checkpoint (config.json and weights) and no model of the hub "
        + "('organization/name', '@revision' behind it if you like). Set MODEL_PATH or --model to one of them, or choose the "
        + "preview voice (espeak-ng) with '--engine preview' or VIBEVOICE_ENGINE=preview.";

    public static TheoryData<string, string[]> BadSettings =>
        new()
        {
            { "WORKER_CONCURRENCY=abc", ["WORKER_CONCURRENCY is 'abc', but must be a whole number from 1 to 256."] },
            {
                "JOB_TIMEOUT_SECONDS=0 MP3_BITRATE_KBPS=1e3 VIBEVOICE_ENGINE=espeak",
                [
                    "VIBEVOICE_ENGINE is 'espeak', but must be 'vibevoice' or 'preview'.",
                    "MP3_BITRATE_KBPS is '1e3', but must be a whole number from 32 to 160.",
                    "JOB_TIMEOUT_SECONDS is '0', but must be a whole number from 1 to 604800.",
                ]
            },
            {
                "BUCKET_NAME=audio",
                [
                    "BUCKET_ENDPOINT_URL is not set; it must be the address of the S3 service (or set AWS_REGION to a "
                        + "region of Amazon's).",
                    "AWS_ACCESS_KEY_ID is not set; it must be the access key of the bucket.",
                    "AWS_SECRET_ACCESS_KEY is not set; it must be the secret key of the bucket.",
                ]
            },
            {
                "BUCKET_NAME=audio BUCKET_ENDPOINT_URL=https://s3.example.com AWS_ACCESS_KEY_ID=key",
                ["AWS_SECRET_ACCESS_KEY is not set; it must be the secret key of the bucket."]
            },
            {
                "BUCKET_ENDPOINT_URL=https://s3.example.com AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret",
                ["BUCKET_NAME is not set; it must be the name of the bucket."]
            },
            {
                "BUCKET_NAME=audio BUCKET_ENDPOINT_URL=s3.example.com AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret",
                ["BUCKET_ENDPOINT_URL is not a URL that can be used; it must be an absolute http or https URL."]
            },
            {
                "RUNPOD_WEBHOOK_POST_OUTPUT= RUNPOD_WEBHOOK_PING=ftp://example.com",
                [
                    "RUNPOD_WEBHOOK_POST_OUTPUT is not set; RunPod sets it in every queue worker.",
                    "RUNPOD_WEBHOOK_PING is 'ftp://example.com', but must be an absolute http or https URL.",
                ]
            },
            {
                // No model, and nothing speaks in its place.
                "VIBEVOICE_ENGINE=vibevoice MODEL_PATH=/nowhere",
                [NoModel]
            },
            { "VIBEVOICE_ENGINE= MODEL_PATH=/nowhere", [NoModel] },
        };

    [Theory]
    [MemberData(nameof(BadSettings))]
    public async Task Bad_settings_stop_the_start_with_a_sentence_each(string settings, string[] sentences)
    {
        await using var stage = await StartAsync(settings);

        (await stage.Program.ExitAsync()).ShouldBe(2);

        stage.Program.Errors.TrimEnd().Split('\n').ShouldBe(sentences.Select(sentence => $"vibevoice: {sentence}"));
        stage.RunPod.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("FFMPEG_PATH=/no/such/ffmpeg", "'/no/such/ffmpeg' could not be started: No such file or directory.")]
    [InlineData("FFMPEG_PATH=/bin/true", "'/bin/true' ran but did not answer as ffmpeg does.")]
    [InlineData("ESPEAK_PATH=/no/such/espeak", "'/no/such/espeak' could not be started: No such file or directory.")]
    public async Task A_missing_tool_stops_the_start_before_any_job_is_taken(string settings, string sentence)
    {
        await using var stage = await StartAsync(settings);
        stage.RunPod.Enqueue("job", """{"text": "Hello there."}""");

        (await stage.Program.ExitAsync()).ShouldBe(1);

        var line = stage.Program.Errors.TrimEnd().Split('\n').ShouldHaveSingleItem();
        line.ShouldStartWith($"vibevoice: {sentence}");
        line.ShouldContain(settings.Split('=')[0]);
        stage.RunPod.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Credentials_alone_do_not_switch_the_bucket_on()
    {
        await using var stage = await StartAsync(
            "AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret AWS_REGION=eu-west-1"
        );
        stage.RunPod.Enqueue("job", """{"text": "Hello there."}""");

        var result = await stage.RunPod.ResultOf("job");

        result.GetProperty("output").GetProperty("audio_base64").GetString().ShouldNotBeNullOrEmpty();
        stage.Program.Output.ShouldContain("audio goes as base64");
    }

    [Fact]
    public async Task A_variable_of_the_platform_that_is_not_understood_is_a_warning()
    {
        await using var stage = await StartAsync("RUNPOD_PING_INTERVAL=often RUNPOD_LOG_LEVEL=loud");
        await stage.UntilReadyAsync();

        (await stage.StopAsync()).ShouldBe(0);

        stage.Program.Output.ShouldContain("RUNPOD_PING_INTERVAL is 'often', but must be milliseconds");
        stage.Program.Output.ShouldContain("RUNPOD_LOG_LEVEL is 'loud', but must be one of");
    }

    private static Task<EndpointStage> StartAsync(string settings) =>
        EndpointStage.StartAsync(
            s3: null,
            [
                .. settings
                    .Split(' ')
                    .Select(setting => setting.Split('=', 2))
                    .Select(pair => (pair[0], pair[1].Length == 0 ? null : pair[1])),
            ]
        );
}
