using System.Net;
using Amazon.S3;
using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>Files that arrive: what is read back through the URL is what was made.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class S3DeliveryTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>
{
    private const int OnePart = 5 * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(300_000)]
    [InlineData(OnePart)]
    [InlineData(OnePart + 1)]
    [InlineData(2 * OnePart)]
    [InlineData(13_000_007)]
    public async Task What_the_url_reads_is_what_was_made(int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var bytes = TestAudio.Bytes(length);

        var delivered = await stage
            .Delivery(stage.Target)
            .DeliverAsync(TestAudio.Request(), TestAudio.Of(bytes), Token);

        using var response = await stage.Http.GetAsync(delivered.AudioUrl, Token);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsByteArrayAsync(Token)).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        response.Content.Headers.ContentType!.MediaType.ShouldBe("audio/mpeg");
        response.Headers.GetValues("x-amz-meta-ai-generated").ShouldBe(["true"]);
        delivered.Bytes.ShouldBe(length);
        delivered.AudioBase64.ShouldBeNull();
        delivered.Bucket.ShouldBe(S3Server.Bucket);
        stage.Proxy.OpenUploads.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(12_500_000)]
    public async Task A_head_that_is_known_at_the_end_is_in_the_object(int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var bytes = TestAudio.Bytes(length);

        var delivered = await stage
            .Delivery(stage.Target)
            .DeliverAsync(TestAudio.Request(AudioFormat.Wav), TestAudio.WithLateHead(bytes, 44), Token);

        var read = await stage.Http.GetByteArrayAsync(delivered.AudioUrl, Token);
        read.AsSpan().SequenceEqual(bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task A_small_file_is_one_request_and_a_large_one_is_in_equal_parts()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;

        await stage.Delivery(target).DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(OnePart)), Token);
        stage.Proxy.Requests.Select(request => request.Operation).ShouldBe(["PutObject"]);

        var large = TestAudio.Of(TestAudio.Bytes((3 * OnePart) + 10));
        await stage.Delivery(target).DeliverAsync(TestAudio.Request(jobId: "large"), large, Token);

        var parts = stage.Proxy.Requests.Where(request => request.Operation is "UploadPart").ToList();
        parts.Select(part => part.Query["partNumber"]).ShouldBe(["2", "3", "4", "1"]);
        parts.Select(part => part.Body.Length).ShouldBe([OnePart, OnePart, 10, OnePart]);
    }

    [Fact]
    public async Task Uploading_begins_before_the_audio_ends()
    {
        await using var stage = await S3Stage.StartAsync(server);
        // The audio does not end until a part has been sent: this hangs unless it is sent meanwhile.
        var audio = TestAudio.Then(
            TestAudio.Bytes(11_000_000),
            () => stage.Proxy.WaitForAsync("UploadPart", Token).WaitAsync(TimeSpan.FromSeconds(20), Token)
        );

        var delivered = await stage.Delivery(stage.Target).DeliverAsync(TestAudio.Request(), audio, Token);

        delivered.Bytes.ShouldBe(11_000_000);
    }

    [Fact]
    public async Task Audio_is_held_back_while_a_part_is_stuck()
    {
        await using var stage = await S3Stage.StartAsync(server);
        stage.Proxy.On("UploadPart", new S3Fault { Delay = TimeSpan.FromSeconds(60) });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var made = 0L;

        var delivering = stage
            .Delivery(stage.Target)
            .DeliverAsync(TestAudio.Request(), new EncodedAudio(Endless()), stop.Token);
        await stage.Proxy.WaitForAsync("UploadPart", Token);
        await Task.Delay(TimeSpan.FromSeconds(1), Token);

        // The first part, the one that is stuck, and the one that fills up meanwhile.
        Volatile.Read(ref made).ShouldBeInRange(2 * OnePart, (3 * OnePart) + 200_000);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => delivering.WaitAsync(Token));

        async IAsyncEnumerable<ReadOnlyMemory<byte>> Endless()
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.Yield();
                made += 100_000;
                yield return new byte[100_000];
            }
        }
    }

    // The SDK has two clocks, for the date of a signature and for the count of its life, and corrects the first by the
    // dates of refusals about objects, the second by those about the bucket.
    [Theory]
    [MemberData(nameof(Corrections))]
    public async Task A_clock_that_the_store_corrected_still_signs_for_the_whole_life(string step, int secondsAhead)
    {
        await using var stage = await S3Stage.StartAsync(server);
        // The SDK keeps a correction for its address as long as the process lives, and a later server may get the port:
        // by a name that no other test uses.
        var target = stage.Target with
        {
            ServiceUrl = new UriBuilder(stage.Target.ServiceUrl) { Host = "localhost" }.Uri,
        };
        using var client = S3Client.Create(target);
        var clockAhead = TimeSpan.FromSeconds(secondsAhead);
        stage.Proxy.On(step, S3Fault.Refusal(403, "AccessDenied") with { ClockAhead = clockAhead });
        await Should.ThrowAsync<AmazonS3Exception>(() => AskAsync(client, target.Bucket, step));

        var (url, expiresAt) = S3Client.Presign(client, target, "a.mp3");

        url.ShouldContain("X-Amz-Signature=");
        url.ShouldMatch("X-Amz-Expires=(604800|604799)&");
        var datedAhead = step is "ListObjects" ? TimeSpan.Zero : clockAhead;
        expiresAt.ShouldBe(DateTimeOffset.UtcNow.AddDays(7) + datedAhead, TimeSpan.FromSeconds(15));
    }

    public static MatrixTheoryData<string, int> Corrections =>
        new(
            ["GetObject", "PutObject", "DeleteObject", "CreateMultipartUpload", "UploadPart", "ListObjects"],
            [-7_200, -30, 30, 7_200]
        );

    private static Task AskAsync(AmazonS3Client client, string bucket, string step) =>
        step switch
        {
            "GetObject" => client.GetObjectAsync(bucket, "a.mp3", Token),
            "PutObject" => client.PutObjectAsync(
                new()
                {
                    BucketName = bucket,
                    Key = "a.mp3",
                    ContentBody = "a",
                },
                Token
            ),
            "DeleteObject" => client.DeleteObjectAsync(bucket, "a.mp3", Token),
            "CreateMultipartUpload" => client.InitiateMultipartUploadAsync(bucket, "a.mp3", Token),
            "UploadPart" => client.UploadPartAsync(
                new()
                {
                    BucketName = bucket,
                    Key = "a.mp3",
                    UploadId = "1",
                    PartNumber = 1,
                    InputStream = new MemoryStream(new byte[10]),
                },
                Token
            ),
            "ListObjects" => client.ListObjectsV2Async(new() { BucketName = bucket }, Token),
            _ => throw new ArgumentException(step, nameof(step)),
        };

    [Fact]
    public async Task The_url_lives_as_long_as_the_answer_says()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target with { PresignLife = TimeSpan.FromDays(7) };

        var delivered = await stage
            .Delivery(target)
            .DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(10)), Token);

        delivered.AudioUrl!.ShouldStartWith(stage.Proxy.Url.ToString());
        delivered.AudioUrl.ShouldMatch("X-Amz-Expires=(604800|604799)&"); // signing takes a moment
        delivered.ExpiresAt!.Value.ShouldBe(DateTimeOffset.UtcNow.AddDays(7), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_session_token_shortens_the_life_of_urls_and_is_signed_in()
    {
        var target = S3Target.FromOptions(
            new DeliveryOptions
            {
                BucketName = "audio",
                AwsRegion = "eu-central-1",
                AwsAccessKeyId = "AKID",
                AwsSecretAccessKey = "secret",
                AwsSessionToken = "the-token",
            }
        )!;
        using var client = S3Client.Create(target);

        var (url, expiresAt) = S3Client.Presign(client, target, "vibevoice/a.mp3");

        url.ShouldStartWith("https://audio.s3.eu-central-1.amazonaws.com/vibevoice/a.mp3?");
        url.ShouldContain("X-Amz-Security-Token=the-token");
        url.ShouldMatch("X-Amz-Expires=(43200|43199)&");
        url.ShouldContain("%2Feu-central-1%2Fs3%2F");
        expiresAt.ShouldBe(DateTimeOffset.UtcNow.AddHours(12), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Requests_carry_what_other_stores_than_Amazon_accept()
    {
        await using var stage = await S3Stage.StartAsync(server);

        await stage
            .Delivery(stage.Target)
            .DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(11_000_000)), Token);

        foreach (var request in stage.Proxy.Requests)
        {
            request.Headers.Keys.ShouldNotContain(name =>
                name.StartsWith("x-amz-checksum", StringComparison.OrdinalIgnoreCase)
            );
            request.Headers.ContainsKey("x-amz-trailer").ShouldBeFalse();
            request.Headers["x-amz-content-sha256"].Length.ShouldBe(64); // no signed chunks, which R2 does not know
        }
    }

    [Fact]
    public async Task Labels_that_headers_cannot_carry_are_made_safe()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AI_Generated"] = "true",
            ["voice"] = "Émma\r\nX-Evil: 1",
            ["long"] = new string('a', 5000),
        };
        var request = TestAudio.Request() with { Labels = labels };

        var delivered = await stage
            .Delivery(stage.Target)
            .DeliverAsync(request, TestAudio.Of(TestAudio.Bytes(10)), Token);

        using var response = await stage.Http.GetAsync(delivered.AudioUrl, Token);
        response.Headers.GetValues("x-amz-meta-ai-generated").ShouldBe(["true"]);
        response.Headers.GetValues("x-amz-meta-voice").ShouldBe(["%C3%89mma X-Evil: 1"]);
        response.Headers.GetValues("x-amz-meta-long").Single().Length.ShouldBe(256);
        response.Headers.Contains("X-Evil").ShouldBeFalse();
    }

    [Fact]
    public async Task A_discarded_object_is_gone()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        var delivery = stage.Delivery(target);
        var delivered = await delivery.DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(10)), Token);
        (await S3Stage.KeysAsync(target)).ShouldBe([delivered.Key!]);

        await delivery.DiscardAsync(delivered, Token);

        await stage.ShouldHoldNothingAsync(target);
    }

    [Fact]
    public async Task A_job_may_bring_its_own_bucket_and_folder()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var folder = $"job-{Guid.NewGuid():N}";
        var job = new JobBucket(
            S3Server.AccessKeyId,
            "any",
            S3Server.Bucket,
            stage.Proxy.Url.AbsoluteUri,
            $"/{folder}//deep/"
        );
        var target = S3Target.FromJobConfig(job, new DeliveryOptions { S3ConfigAllowHttp = true });

        var delivered = await stage
            .Delivery(target)
            .DeliverAsync(TestAudio.Request(jobId: "abc"), TestAudio.Of(TestAudio.Bytes(10)), Token);

        delivered.Key.ShouldBe($"{folder}/deep/abc.mp3");
        (await stage.Http.GetByteArrayAsync(delivered.AudioUrl, Token)).Length.ShouldBe(10);
    }
}
