using System.Text.Json;
using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Tests.Delivery;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>Jobs that are answered with a URL: the worker's bucket, or one that the job brings along.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class BucketTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>, IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private S3Proxy _proxy = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _proxy = await StartProxyAsync();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _proxy.DisposeAsync();
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("wav")]
    [InlineData("opus")]
    public async Task The_answer_is_a_url_that_reads_the_whole_file(string format)
    {
        var settings = QueueStage.BucketAt(_proxy);
        await using var stage = new QueueStage { Delivery = settings };
        var before = DateTimeOffset.UtcNow;

        var output = await stage.OutputOfAsync($$"""{"text": "x", "output_format": "{{format}}"}""", "job-7");

        output.AsObject().Select(pair => pair.Key).ShouldBe(["audio_url", "metadata"]);
        var metadata = output["metadata"]!;
        metadata.AsObject().Select(pair => pair.Key).TakeLast(4).ShouldBe(["warnings", "bucket", "key", "expires_at"]);
        metadata["bucket"]!.GetValue<string>().ShouldBe(S3Server.Bucket);
        var key = metadata["key"]!.GetValue<string>();
        key.ShouldMatch($"^{settings.S3Prefix}/[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}/job-7\\.{format}$");
        var expires = metadata["expires_at"]!.GetValue<DateTimeOffset>();
        expires.ShouldBe(before.AddDays(7), tolerance: TimeSpan.FromMinutes(1));

        using var answer = await _http.GetAsync(output["audio_url"]!.GetValue<string>(), Token);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(metadata["content_type"]!.GetValue<string>());
        answer.Headers.GetValues("x-amz-meta-ai-generated").ShouldBe(["true"]);
        var file = await answer.Content.ReadAsByteArrayAsync(Token);
        file.Length.ShouldBe(metadata["bytes"]!.GetValue<int>());
        Listener.Measure(await Listener.DecodeAsync(file)).FrequencyHz.ShouldBe(440, tolerance: 10);
        if (format is "wav")
        {
            RiffReader.Read(file)["data"].Length.ShouldBe(96_000);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_jobs_own_bucket_is_used_instead_of_the_workers(bool isInInput)
    {
        await using var theirs = await StartProxyAsync();
        await using var stage = new QueueStage
        {
            Delivery = QueueStage.BucketAt(_proxy) with { S3ConfigAllowHttp = true },
        };
        var folder = $"test-{Guid.NewGuid():N}";

        var answer = await stage.RunAsync(JobWithBucket(theirs, folder, isInInput));

        var output = answer["output"].ShouldNotBeNull(answer.ToJsonString());
        output["metadata"]!["key"]!.GetValue<string>().ShouldBe($"{folder}/job-8.pcm");
        output["metadata"]!["warnings"]!.AsArray().ShouldBeEmpty();
        var url = new Uri(output["audio_url"]!.GetValue<string>());
        url.Port.ShouldBe(theirs.Url.Port);
        (await _http.GetByteArrayAsync(url, Token)).Length.ShouldBe(96_000);
        _proxy.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_jobs_own_bucket_is_not_spared_by_the_limit_on_base64()
    {
        await using var stage = new QueueStage { Delivery = new DeliveryOptions { S3ConfigAllowHttp = true } };
        var text = new string('x', 20_000);

        var answer = await stage.RunAsync(JobWithBucket(_proxy, "folder", isInInput: true, text));

        answer["output"].ShouldNotBeNull(answer.ToJsonString())["audio_url"].ShouldNotBeNull();
    }

    [Fact]
    public async Task The_keys_of_a_jobs_bucket_are_neither_logged_nor_answered()
    {
        const string echo = "S3RVER has no right to this, even with 'open sesame'.";
        _proxy.On("PutObject", S3Fault.Refusal(403, "AccessDenied", echo));
        await using var stage = new QueueStage { Delivery = new DeliveryOptions { S3ConfigAllowHttp = true } };

        var answer = await stage.RunAsync(JobWithBucket(_proxy, "folder", isInInput: false));

        answer["error"]!.GetValue<string>().ShouldContain("AccessDenied (HTTP 403): *** has no right to this");
        foreach (var text in new[] { answer.ToJsonString(), stage.LogText })
        {
            text.ShouldNotContain("sesame");
            text.ShouldNotContain(S3Server.AccessKeyId);
        }
    }

    [Fact]
    public async Task A_bucket_that_refuses_fails_the_job_with_what_it_said()
    {
        var settings = QueueStage.BucketAt(_proxy);
        await using var stage = new QueueStage { Delivery = settings };
        _proxy.On("PutObject", S3Fault.Refusal(403, "AccessDenied", "Not you."));

        var error = await stage.ErrorOfAsync("""{"text": "x"}""");

        error.ShouldContain("AccessDenied (HTTP 403): Not you.");
        error.ShouldContain("bucket 'audio'");
    }

    // 6,400 bytes a frame: one is put as a whole, the other is sent in parts of five megabytes.
    [Theory]
    [InlineData("PutObject", 15)]
    [InlineData("CreateMultipartUpload", 1_000)]
    public async Task What_arrived_unheard_before_the_bucket_refused_is_taken_back(string step, int frames)
    {
        var settings = QueueStage.BucketAt(_proxy);
        await using var stage = new QueueStage
        {
            Delivery = settings,
            Synthesizer = new FakeSynthesizer { Frames = frames },
        };
        _proxy.On(step, new S3Fault { CutsAnswer = true }, times: 1);
        _proxy.On(step, S3Fault.Refusal(403, "AccessDenied", "Not you."));

        var error = await stage.ErrorOfAsync("""{"text": "x", "output_format": "pcm"}""");

        error.ShouldContain("AccessDenied (HTTP 403): Not you.");
        (await S3Stage.KeysAsync(S3Target.FromOptions(settings)!)).ShouldBeEmpty();
        _proxy.OpenUploads.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_upload_that_was_begun_twice_is_aborted_twice()
    {
        await using var stage = new QueueStage
        {
            Delivery = QueueStage.BucketAt(_proxy),
            Synthesizer = new FakeSynthesizer { Frames = 1_000 },
        };
        _proxy.On("CreateMultipartUpload", new S3Fault { CutsAnswer = true }, times: 1);
        _proxy.On("UploadPart", S3Fault.Refusal(403, "AccessDenied", "Not you."));

        await stage.ErrorOfAsync("""{"text": "x", "output_format": "pcm"}""");

        _proxy.Requests.Count(request => request.Operation == "CreateMultipartUpload").ShouldBe(2);
        _proxy.OpenUploads.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_bucket_that_refuses_everything_is_told_once()
    {
        await using var stage = new QueueStage { Delivery = QueueStage.BucketAt(_proxy) };
        _proxy.On("PutObject", S3Fault.Refusal(403, "AccessDenied", "Not you."));
        _proxy.On("DeleteObject", S3Fault.Refusal(403, "AccessDenied", "Not you."));

        await stage.ErrorOfAsync("""{"text": "x"}""");

        stage.Logs.GetSnapshot().Count(record => record.Message.Contains("AccessDenied")).ShouldBe(1);
    }

    [Fact]
    public async Task A_bucket_that_refuses_can_be_made_good_by_base64()
    {
        var settings = QueueStage.BucketAt(_proxy, S3Fallback.Base64);
        await using var stage = new QueueStage { Delivery = settings };
        _proxy.On("PutObject", S3Fault.Refusal(403, "AccessDenied", "Not you."));

        var output = await stage.OutputOfAsync("""{"text": "x", "output_format": "wav"}""");

        output.AsObject().Select(pair => pair.Key).ShouldBe(["audio_base64", "metadata"]);
        RiffReader
            .Read(Convert.FromBase64String(output["audio_base64"]!.GetValue<string>()))["data"]
            .Length.ShouldBe(96_000);
        var warning = output["metadata"]!["warnings"]!.AsArray().ShouldHaveSingleItem()!.GetValue<string>();
        warning.ShouldStartWith("The audio is in the answer instead of the bucket.");
        warning.ShouldContain("AccessDenied");
        output["metadata"]!.AsObject().ShouldNotContainKey("key");
    }

    private async Task<S3Proxy> StartProxyAsync() =>
        await S3Proxy.StartAsync((await server.GetAsync(Token)).Url, Token);

    private static string JobWithBucket(S3Proxy proxy, string folder, bool isInInput, string text = "x")
    {
        var bucket = JsonSerializer.SerializeToElement(
            new
            {
                accessId = S3Server.AccessKeyId,
                accessSecret = "open sesame",
                bucketName = S3Server.Bucket,
                endpointUrl = proxy.Url,
                objectPath = folder,
            }
        );
        const string format = "pcm";
        return isInInput
            ? $$$"""{"id": "job-8", "input": {"text": "{{{text}}}", "output_format": "{{{format}}}", "s3Config": {{{bucket}}}}}"""
            : $$$"""{"id": "job-8", "input": {"text": "{{{text}}}", "output_format": "{{{format}}}"}, "s3Config": {{{bucket}}}}""";
    }
}
