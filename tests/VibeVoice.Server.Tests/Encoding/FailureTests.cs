using System.Diagnostics;
using System.Runtime.Versioning;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Encoding;

[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class FailureTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("KILL", "killed by signal 9 (SIGKILL), as the system does when memory runs out")]
    [InlineData("SEGV", "killed by signal 11 (SIGSEGV)")]
    [InlineData("TERM", "failed with exit code 255")] // ffmpeg catches it and ends its file as if it were whole
    public async Task A_child_killed_from_outside_is_an_error_that_says_so(string signal, string message)
    {
        var watch = new Tone.SourceWatch();
        var audio = Encoders.Real().Encode(Tone.Endless(watch, Ct), Encoders.Request("mp3"), Ct);

        var failure = await Should.ThrowAsync<SpeechFailedException>(async () =>
        {
            var isFirst = true;
            await foreach (var _ in audio.Pieces.WithCancellation(Ct))
            {
                if (isFirst)
                {
                    var child = Children.Named("ffmpeg").ShouldHaveSingleItem();
                    using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {child}"]);
                    await kill.WaitForExitAsync(Ct);
                }

                isFirst = false;
            }
        });

        failure.Message.ShouldStartWith("'ffmpeg' ");
        failure.Message.ShouldContain(message);
        watch.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_child_that_dies_while_the_source_is_silent_ends_the_response_at_once()
    {
        var watch = new Tone.SourceWatch();
        var frames = Tone.Then(2, watch, cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken), Ct);
        var audio = Encoders.Real().Encode(frames, Encoders.Request("mp3"), Ct);

        await Should.ThrowAsync<SpeechFailedException>(async () =>
        {
            await foreach (var _ in audio.Pieces.WithCancellation(Ct))
            {
                Children.Kill("ffmpeg");
            }
        });

        watch.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_child_that_fails_is_quoted()
    {
        using var fake = new FakeFfmpeg("echo 'Conversion failed!' >&2; echo '  no luck' >&2; exit 3");

        var failure = await FailureOfAsync(fake, Tone.Samples(5));

        failure.Message.ShouldBe("'ffmpeg' failed with exit code 3. It said: Conversion failed!; no luck");
    }

    [Fact]
    public async Task A_child_that_talks_without_end_is_quoted_in_part()
    {
        using var fake = new FakeFfmpeg("cat > /dev/null; yes 'bad thing' | head -n 100000 >&2; echo last >&2; exit 1");

        var failure = await FailureOfAsync(fake, Tone.Samples(1));

        failure.Message.Length.ShouldBeLessThan(1_500);
        failure.Message.ShouldContain("It said: … ");
        failure.Message.ShouldEndWith("; last");
    }

    [Fact]
    public async Task A_child_that_ends_well_but_too_early_is_an_error()
    {
        using var fake = new FakeFfmpeg("head -c 1000; exit 0");

        var failure = await FailureOfAsync(fake, Tone.Samples(60));

        failure.Message.ShouldBe("'ffmpeg' ended before it had taken all samples. It said nothing.");
    }

    [Fact]
    public async Task A_child_that_writes_nothing_is_an_error()
    {
        using var fake = new FakeFfmpeg("cat > /dev/null");

        var failure = await FailureOfAsync(fake, Tone.Samples(1));

        failure.Message.ShouldBe("'ffmpeg' ended without writing anything. It said nothing.");
    }

    [Theory]
    [InlineData("/nowhere/ffmpeg")]
    [InlineData("no-such-ffmpeg")]
    [InlineData("/etc/passwd")]
    public async Task A_missing_ffmpeg_is_an_error_that_names_the_setting(string path)
    {
        var failure = await Should.ThrowAsync<SpeechFailedException>(() =>
            Encoders.With(path).EncodeAsync(Tone.Samples(1), Encoders.Request("mp3"))
        );

        failure.Message.ShouldStartWith($"'{path}' could not be started: ");
        failure.Message.ShouldContain("FFMPEG_PATH");
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("wav")]
    [InlineData("pcm")]
    public async Task A_failure_of_the_source_comes_out_as_itself(string format)
    {
        var watch = new Tone.SourceWatch();
        var cause = new InvalidDataException("the engine broke");
        var frames = Tone.Then(3, watch, _ => throw cause, Ct);
        var audio = Encoders.Real().Encode(frames, Encoders.Request(format), Ct);

        var failure = await Should.ThrowAsync<InvalidDataException>(() => audio.ReadAllAsync(Ct));

        failure.ShouldBeSameAs(cause);
        watch.IsDisposed.ShouldBeTrue();
        Children.Named("ffmpeg").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("aac")]
    [InlineData("wav")]
    [InlineData("opus")]
    [InlineData("flac")]
    [InlineData("pcm")]
    public async Task A_source_that_fails_before_its_first_frame_fails_before_the_first_byte(string format)
    {
        var cause = new IOException("espeak-ng broke");
        var audio = Encoders.Real().Encode(Tone.Then(0, new(), _ => throw cause, Ct), Encoders.Request(format), Ct);
        await using var pieces = audio.Pieces.GetAsyncEnumerator(Ct);

        (await Should.ThrowAsync<IOException>(async () => await pieces.MoveNextAsync())).ShouldBeSameAs(cause);
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("wav")]
    public async Task A_frame_of_another_rate_is_a_bug(string format)
    {
        var audio = Encoders.Real().Encode(Tone.InFrames(Tone.Samples(1), 22_050), Encoders.Request(format), Ct);

        (await Should.ThrowAsync<InvalidOperationException>(() => audio.ReadAllAsync(Ct))).Message.ShouldContain(
            "22050 Hz"
        );
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("wav")]
    public async Task No_sound_at_all_is_an_error_and_not_an_empty_file(string format) =>
        await Should.ThrowAsync<SpeechFailedException>(() => Encoders.Real().EncodeAsync([], Encoders.Request(format)));

    [Theory]
    [InlineData("mp3")]
    [InlineData("wav")]
    public async Task Stopping_early_stops_the_source_and_the_child(string format)
    {
        var watch = new Tone.SourceWatch();
        var audio = Encoders.Real().Encode(Tone.Endless(watch, Ct), Encoders.Request(format), Ct);
        var clock = new Stopwatch();

        await foreach (var _ in audio.Pieces.WithCancellation(Ct))
        {
            clock.Start();
            break;
        }

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        watch.IsDisposed.ShouldBeTrue();
        Children.Named("ffmpeg").ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_ends_a_child_that_hangs_and_its_own_children(bool byTheReader)
    {
        using var fake = new FakeFfmpeg("sleep 600; echo never");
        using var stop = new CancellationTokenSource();
        var watch = new Tone.SourceWatch();
        var audio = Encoders
            .With(fake.Path)
            .Encode(
                Tone.Endless(watch, Ct),
                Encoders.Request("mp3"),
                byTheReader ? CancellationToken.None : stop.Token
            );
        var clock = new Stopwatch();
        var stopping = Task.Run(
            async () =>
            {
                await Task.Delay(500, Ct);
                Children.Named("sleep").ShouldHaveSingleItem();
                clock.Start();
                await stop.CancelAsync();
            },
            Ct
        );

        await Should.ThrowAsync<OperationCanceledException>(() =>
            audio.ReadAllAsync(byTheReader ? stop.Token : CancellationToken.None)
        );

        await stopping;
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        watch.IsDisposed.ShouldBeTrue();
        await Children.ShouldEndAsync("sleep");
    }

    [Fact]
    public async Task Cancelling_a_silent_source_is_a_cancellation_and_not_a_failure_of_ffmpeg()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        var frames = Tone.Then(1, new(), cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken), Ct);
        var audio = Encoders.Real().Encode(frames, Encoders.Request("aac"), stop.Token);

        await Should.ThrowAsync<OperationCanceledException>(() => audio.ReadAllAsync(Ct));
        Children.Named("ffmpeg").ShouldBeEmpty();
    }

    [Fact]
    public async Task No_failure_is_left_unobserved()
    {
        var unobserved = new List<Exception>();
        void Collect(object? sender, UnobservedTaskExceptionEventArgs args) => unobserved.Add(args.Exception);
        TaskScheduler.UnobservedTaskException += Collect;
        try
        {
            using var failing = new FakeFfmpeg("head -c 70000; echo no >&2; exit 1");
            for (var round = 0; round < 5; round++)
            {
                await FailureOfAsync(failing, Tone.Samples(60));
                await A_failure_of_the_source_comes_out_as_itself("mp3");
                await Stopping_early_stops_the_source_and_the_child("mp3");
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Collect;
        }

        unobserved.ShouldBeEmpty();
    }

    private static Task<SpeechFailedException> FailureOfAsync(FakeFfmpeg fake, float[] samples) =>
        Should.ThrowAsync<SpeechFailedException>(() =>
            Encoders.With(fake.Path).EncodeAsync(samples, Encoders.Request("mp3"))
        );
}
