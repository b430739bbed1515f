using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>Whatever fails, at whatever step: the caller learns why, and the bucket holds nothing.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class S3FailureTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>
{
    private const int Small = 200_000;
    private const int Large = 12_500_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, int> Steps =>
        new()
        {
            { "PutObject", Small },
            { "CreateMultipartUpload", Large },
            { "UploadPart", Large },
            { "CompleteMultipartUpload", Large },
        };

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_refused_step_fails_the_job_with_what_s3_said(string step, int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        stage.Proxy.On(step, S3Fault.Refusal(403, "AccessDenied", "Not you."));

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => DeliverAsync(stage, target, length));

        failure.Message.ShouldContain("AccessDenied (HTTP 403): Not you.");
        failure.Message.ShouldContain($"bucket 'audio' at '{stage.Proxy.Url.Authority}'");
        failure.Message.ShouldNotContain("sesame");
        failure.Message.ShouldNotContain(S3Server.AccessKeyId);
        await stage.ShouldHoldNothingAsync(target);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_step_that_is_refused_twice_with_503_is_tried_again(string step, int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        stage.Proxy.On(step, S3Fault.Refusal(503, "SlowDown"), times: 2);

        var delivered = await DeliverAsync(stage, target, length);

        (await stage.Http.GetByteArrayAsync(delivered.AudioUrl, Token))
            .AsSpan()
            .SequenceEqual(TestAudio.Bytes(length))
            .ShouldBeTrue();
        stage.Proxy.OpenUploads.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_connection_that_is_cut_for_good_leaves_nothing(string step, int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        stage.Proxy.On(step, new S3Fault { CutsRequest = true });

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => DeliverAsync(stage, target, length));

        failure.Message.ShouldContain("did not answer");
        await stage.ShouldHoldNothingAsync(target);
    }

    // The store did what was asked, and nobody was told: an upload whose id is unknown, an object that is there.
    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Answers_that_are_lost_for_good_leave_nothing(string step, int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        stage.Proxy.On(step, new S3Fault { CutsAnswer = true });
        // The look whether it is there after all is refused as well, or the job would rightly succeed.
        stage.Proxy.On("HeadObject", S3Fault.Refusal(403, "AccessDenied"));

        await Should.ThrowAsync<SpeechFailedException>(() => DeliverAsync(stage, target, length));

        await stage.ShouldHoldNothingAsync(target);
    }

    [Fact]
    public async Task A_completion_whose_answer_was_lost_once_still_succeeds()
    {
        await using var stage = await S3Stage.StartAsync(server);
        stage.Proxy.On("CompleteMultipartUpload", new S3Fault { CutsAnswer = true }, times: 1);

        var delivered = await DeliverAsync(stage, stage.Target, Large);

        (await stage.Http.GetByteArrayAsync(delivered.AudioUrl, Token)).Length.ShouldBe(Large);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_job_cancelled_at_any_step_leaves_nothing(string step, int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        stage.Proxy.On(step, new S3Fault { Delay = TimeSpan.FromSeconds(1) });
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var delivering = DeliverAsync(stage, target, length, cancelled.Token);
        await stage.Proxy.WaitForAsync(step, Token);
        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => delivering.WaitAsync(Token));
        await stage.ShouldHoldNothingAsync(target);
    }

    [Theory]
    [InlineData(Small)]
    [InlineData(Large)]
    public async Task A_failure_of_the_audio_comes_out_as_it_is_and_leaves_nothing(int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        var failure = new InvalidDataException("The encoder died.");
        var audio = TestAudio.Then(TestAudio.Bytes(length), () => throw failure);

        var thrown = await Should.ThrowAsync<InvalidDataException>(() =>
            stage.Delivery(target).DeliverAsync(TestAudio.Request(), audio, Token)
        );

        thrown.ShouldBeSameAs(failure);
        await stage.ShouldHoldNothingAsync(target);
    }

    [Fact]
    public async Task A_refused_part_stops_the_audio_at_once()
    {
        await using var stage = await S3Stage.StartAsync(server);
        stage.Proxy.On("UploadPart", S3Fault.Refusal(403, "AccessDenied"));
        var asked = 0;
        var endless = Endless();

        await Should.ThrowAsync<SpeechFailedException>(() =>
            stage.Delivery(stage.Target).DeliverAsync(TestAudio.Request(), new(endless), Token)
        );

        asked.ShouldBeLessThan(100_000);

        async IAsyncEnumerable<ReadOnlyMemory<byte>> Endless()
        {
            while (asked < 100_000)
            {
                asked++;
                await Task.Delay(1, Token);
                yield return new byte[100_000];
            }
        }
    }

    [Fact]
    public async Task A_bucket_that_does_not_exist_is_named()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target with { Bucket = "nowhere" };

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => DeliverAsync(stage, target, Small));

        failure.Message.ShouldContain("NoSuchBucket");
        failure.Message.ShouldContain("bucket 'nowhere'");
    }

    [Fact]
    public async Task What_cannot_be_removed_is_logged_with_its_key()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        stage.Proxy.On("UploadPart", S3Fault.Refusal(403, "AccessDenied"));
        stage.Proxy.On("AbortMultipartUpload", S3Fault.Refusal(403, "AccessDenied"));

        await Should.ThrowAsync<SpeechFailedException>(() => DeliverAsync(stage, target, Large));

        var record = stage.Logger.Collector.GetSnapshot().ShouldHaveSingleItem();
        record.Message.ShouldContain(target.Prefix);
        record.Message.ShouldContain("AccessDenied");
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task The_fallback_answers_with_base64_and_a_warning(string step, int length)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        // The id of a job that allows the larger answer; a large upload fails at its third step, too.
        var request = TestAudio.Request(AudioFormat.Wav, "sync-1");
        var bytes = TestAudio.Bytes(length);
        stage.Proxy.On(step, S3Fault.Refusal(403, "AccessDenied"));

        var delivered = await stage
            .Delivery(target, S3Fallback.Base64)
            .DeliverAsync(request, TestAudio.WithLateHead(bytes, 44), Token);

        delivered.AudioUrl.ShouldBeNull();
        delivered.Key.ShouldBeNull();
        Convert.FromBase64String(delivered.AudioBase64!).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        delivered.Warnings.ShouldHaveSingleItem().ShouldContain("AccessDenied");
        await stage.ShouldHoldNothingAsync(target);
    }

    [Fact]
    public async Task A_file_too_large_for_the_fallback_fails_with_both_reasons()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        stage.Proxy.On("UploadPart", S3Fault.Refusal(403, "AccessDenied"));
        var audio = TestAudio.Of(TestAudio.Bytes(Large));

        var failure = await Should.ThrowAsync<SpeechFailedException>(() =>
            stage.Delivery(target, S3Fallback.Base64).DeliverAsync(TestAudio.Request(), audio, Token)
        );

        failure.Message.ShouldContain("AccessDenied");
        failure.Message.ShouldContain("limit");
        await stage.ShouldHoldNothingAsync(target);
    }

    [Fact]
    public async Task A_large_file_uploads_with_the_fallback_on()
    {
        await using var stage = await S3Stage.StartAsync(server);

        var delivered = await stage
            .Delivery(stage.Target, S3Fallback.Base64)
            .DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(Large)), Token);

        (await stage.Http.GetByteArrayAsync(delivered.AudioUrl, Token)).Length.ShouldBe(Large);
        delivered.Warnings.ShouldBeEmpty();
    }

    private static Task<DeliveredAudio> DeliverAsync(
        S3Stage stage,
        S3Target target,
        int length,
        CancellationToken? cancellationToken = null
    ) =>
        stage
            .Delivery(target)
            .DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(length)), cancellationToken ?? Token);
}
