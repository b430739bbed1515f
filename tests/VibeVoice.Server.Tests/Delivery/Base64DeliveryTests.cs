using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>Files in the answer itself, and the size an answer may have.</summary>
public sealed class Base64DeliveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(7_000_000)]
    public async Task What_is_in_the_answer_is_what_was_made(int length)
    {
        var bytes = TestAudio.Bytes(length);
        var delivery = new Base64Delivery(AnswerLimits.RunBytes);

        var delivered = await delivery.DeliverAsync(TestAudio.Request(), TestAudio.Of(bytes), Token);

        Convert.FromBase64String(delivered.AudioBase64!).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        delivered.Bytes.ShouldBe(length);
        delivered.AudioUrl.ShouldBeNull();
    }

    [Fact]
    public async Task A_head_that_is_known_at_the_end_is_in_the_answer()
    {
        var bytes = TestAudio.Bytes(100_000);

        var delivered = await new Base64Delivery(AnswerLimits.RunBytes).DeliverAsync(
            TestAudio.Request(AudioFormat.Wav),
            TestAudio.WithLateHead(bytes, 44),
            Token
        );

        Convert.FromBase64String(delivered.AudioBase64!).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
    }

    [Theory]
    [InlineData("12ab-u1", "10 MB")]
    [InlineData("sync-12ab-u1", "20 MB")]
    public async Task Work_stops_the_moment_the_answer_would_be_too_large(string jobId, string limit)
    {
        var limitBytes = AnswerLimits.ForJob(jobId);
        var made = 0L;
        var delivery = new Base64Delivery(limitBytes);

        var failure = await Should.ThrowAsync<SpeechFailedException>(() =>
            delivery.DeliverAsync(TestAudio.Request(AudioFormat.Wav, jobId), new EncodedAudio(Endless()), Token)
        );

        failure.Message.ShouldContain(limit);
        failure.Message.ShouldContain("BUCKET_NAME");
        failure.Message.ShouldContain("'mp3'");
        // Three quarters of the limit are audio; not one piece more was asked for.
        (made * 4 / 3).ShouldBeInRange(limitBytes - 100_000, limitBytes + 200_000);

        async IAsyncEnumerable<ReadOnlyMemory<byte>> Endless()
        {
            while (true)
            {
                made += 100_000;
                yield return new byte[100_000];
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task The_largest_file_that_passes_fits_into_the_limit_with_room_for_metadata()
    {
        var largest = (int)AnswerLimits.AudioBytes(AnswerLimits.RunBytes);
        var delivery = new Base64Delivery(AnswerLimits.RunBytes);

        var delivered = await delivery.DeliverAsync(TestAudio.Request(), TestAudio.Of(new byte[largest]), Token);
        delivered.AudioBase64!.Length.ShouldBeLessThan((int)AnswerLimits.RunBytes - 16_000);

        await Should.ThrowAsync<SpeechFailedException>(() =>
            delivery.DeliverAsync(TestAudio.Request(), TestAudio.Of(new byte[largest + 1]), Token)
        );
    }

    [Fact]
    public async Task Failures_of_the_audio_and_cancellation_come_out_as_they_are()
    {
        var delivery = new Base64Delivery(AnswerLimits.RunBytes);
        var audio = TestAudio.Then(TestAudio.Bytes(10), () => throw new InvalidDataException("The encoder died."));
        await Should.ThrowAsync<InvalidDataException>(() => delivery.DeliverAsync(TestAudio.Request(), audio, Token));

        var cancelled = new CancellationToken(canceled: true);
        await Should.ThrowAsync<OperationCanceledException>(() =>
            delivery.DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(10)), cancelled)
        );
    }

    [Theory]
    [InlineData(5_000, "wav", 1.0, true)] // 16 MB of wav, 21 MB as base64: over twice 10 MB
    [InlineData(4_000, "wav", 1.0, false)]
    [InlineData(5_000, "wav", 2.0, false)]
    [InlineData(2_000, "wav", 0.25, true)]
    [InlineData(5_000, "mp3", 1.0, false)]
    [InlineData(20_000, "mp3", 1.0, true)]
    [InlineData(20_000, "opus", 1.0, false)]
    [InlineData(20_000, "pcm", 4.0, true)]
    public void A_text_far_too_long_for_an_answer_is_refused_before_it_is_spoken(
        int characters,
        string format,
        double speed,
        bool isRefused
    )
    {
        AudioFormat.TryParse(format, out var parsed).ShouldBeTrue();
        void Check() =>
            AnswerLimits.EnsureEstimateFits(characters, speed, parsed!, new EncodingOptions(), AnswerLimits.RunBytes);

        if (isRefused)
        {
            var rejection = Should.Throw<JobRejectedException>(Check);
            rejection.Message.ShouldContain($"text has {characters} characters");
            rejection.Message.ShouldContain("10 MB");
            rejection.Message.ShouldContain("BUCKET_NAME");
        }
        else
        {
            Should.NotThrow(Check);
        }
    }
}
