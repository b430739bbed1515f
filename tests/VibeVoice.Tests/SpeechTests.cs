using System.Runtime.CompilerServices;

namespace VibeVoice.Tests;

/// <summary>Laws of speaking, held by the recorded checkpoint.</summary>
[Trait("Category", "Reference")]
public sealed class SpeechTests : IAsyncLifetime
{
    private const string Text = "Hello there! This is a tiny test of streaming speech, isn’t it?";

    private const int Half = 30;

    private VibeVoiceModel _model = null!;
    private ModelVoice _voice = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _model = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, new ModelOptions { Threads = 2 }, Cancellation);
        _voice = _model.LoadVoice(GoldenFiles.TinyVoice);
    }

    public ValueTask DisposeAsync()
    {
        _model.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_speech_and_another_another()
    {
        var speech = await SpeakAsync(Text, seed: 7);

        (await SpeakAsync(Text, seed: 7)).ShouldBe(speech);
        (await SpeakAsync(Text, seed: 8)).ShouldNotBe(speech);
        speech.Length.ShouldBeGreaterThan(0);
        (speech.Length % _model.SamplesPerFrame).ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(17)]
    public async Task A_text_in_pieces_is_spoken_as_the_whole(int size)
    {
        var speech = _model.SpeakAsync(PiecesAsync(Text, size), _voice, new SpeakOptions { Seed = 7 }, Cancellation);

        (await speech.ToAudioAsync(Cancellation)).Samples.ToArray().ShouldBe(await SpeakAsync(Text, seed: 7));
        speech.Report.EndReason.ShouldNotBeNull();
    }

    [Fact]
    public async Task Three_at_once_each_sound_as_they_do_alone()
    {
        (string Text, ulong Seed)[] requests = [(Text, 1), ("One.", 2), ("Something else, twice. Or not?", 3)];
        var together = await Task.WhenAll(requests.Select(request => SpeakAsync(request.Text, request.Seed)));

        for (var i = 0; i < requests.Length; i++)
        {
            together[i].ShouldBe(await SpeakAsync(requests[i].Text, requests[i].Seed));
        }
    }

    [Fact]
    public async Task Requests_that_run_at_once_alternate()
    {
        var spoken = new int[3];
        var whenTheFirstEnded = new TaskCompletionSource<int[]>();
        using var allHaveBegun = new CountdownEvent(spoken.Length);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Task.WhenAll(Enumerable.Range(0, spoken.Length).Select(ReadAsync));

        var counts = await whenTheFirstEnded.Task;
        counts.Min().ShouldBeGreaterThan(counts.Max() / 2, string.Join(", ", counts));

        async Task ReadAsync(int request)
        {
            var options = new SpeakOptions { Seed = 7 };
            await foreach (var _ in _model.SpeakAsync(Text, _voice, options, Cancellation))
            {
                if (spoken[request]++ == 0)
                {
                    if (allHaveBegun.Signal())
                    {
                        begun.SetResult();
                    }

                    await begun.Task;
                }
            }

            whenTheFirstEnded.TrySetResult([.. spoken]);
        }
    }

    [Fact]
    public async Task A_frame_is_handed_out_before_the_next_is_computed()
    {
        var speech = _model.SpeakAsync(Text, _voice, cancellationToken: Cancellation);
        speech.Report.FramesComputed.ShouldBe(0);
        await using var frames = speech.GetAsyncEnumerator(Cancellation);
        for (var frame = 1; frame <= 8; frame++)
        {
            (await frames.MoveNextAsync()).ShouldBeTrue();
            speech.Report.FramesComputed.ShouldBe(frame);
            speech.Report.FramesSpoken.ShouldBe(frame);
        }
    }

    [Fact]
    public async Task Speech_begins_before_the_rest_of_the_text_exists()
    {
        var rest = new TaskCompletionSource<string>();
        var speech = _model.SpeakAsync(
            HalfAsync(rest.Task, Cancellation),
            _voice,
            new SpeakOptions { Seed = 7 },
            Cancellation
        );
        await using var frames = speech.GetAsyncEnumerator(Cancellation);
        var samples = new List<float>();
        for (var frame = 0; frame < 6; frame++)
        {
            (await frames.MoveNextAsync()).ShouldBeTrue();
            samples.AddRange(frames.Current.Samples.Span);
        }

        rest.SetResult(Text[Half..]);
        while (await frames.MoveNextAsync())
        {
            samples.AddRange(frames.Current.Samples.Span);
        }

        samples.ToArray().ShouldBe(await SpeakAsync(Text, seed: 7));
    }

    [Fact]
    public async Task A_request_after_a_cancelled_one_is_untouched_by_it()
    {
        var before = await SpeakAsync(Text, seed: 7);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var speech = _model.SpeakAsync(Text, _voice, new SpeakOptions { Seed = 9 }, stop.Token);
        var spoken = 0;
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in speech.WithCancellation(Cancellation))
            {
                if (++spoken == 3)
                {
                    await stop.CancelAsync();
                }
            }
        });

        spoken.ShouldBe(3);
        speech.Report.FramesComputed.ShouldBe(3);
        speech.Report.EndReason.ShouldBe(SpeechEndReason.Cancelled);
        (await SpeakAsync(Text, seed: 7)).ShouldBe(before);
    }

    [Fact]
    public async Task Waiting_for_text_ends_with_the_request_though_the_source_does_not_listen()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var never = new TaskCompletionSource<string>();
        var speech = _model.SpeakAsync(HalfAsync(never.Task, Cancellation), _voice, options: null, stop.Token);
        await using var frames = speech.GetAsyncEnumerator(Cancellation);
        for (var frame = 0; frame < 6; frame++)
        {
            await frames.MoveNextAsync();
        }

        var waiting = frames.MoveNextAsync().AsTask();
        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(waiting);
        speech.Report.EndReason.ShouldBe(SpeechEndReason.Cancelled);
        speech.Report.EndedBeforeText.ShouldBeTrue();
        never.SetResult("");
    }

    [Fact]
    public async Task A_reader_who_stops_reading_cancels()
    {
        var speech = _model.SpeakAsync(Text, _voice, cancellationToken: Cancellation);
        await foreach (var _ in speech.WithCancellation(Cancellation))
        {
            break;
        }

        speech.Report.EndReason.ShouldBe(SpeechEndReason.Cancelled);
        speech.Report.FramesComputed.ShouldBe(1);
    }

    [Fact]
    public async Task A_model_disposed_in_mid_speech_stops_it_and_takes_no_other()
    {
        var speech = _model.SpeakAsync(Text, _voice, cancellationToken: Cancellation);
        await using var frames = speech.GetAsyncEnumerator(Cancellation);
        (await frames.MoveNextAsync()).ShouldBeTrue();

        _model.Dispose();

        await Should.ThrowAsync<ObjectDisposedException>(async () => await frames.MoveNextAsync());
        Should.Throw<ObjectDisposedException>(() => _model.SpeakAsync(Text, _voice, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Nothing_but_white_space_gives_no_frames()
    {
        var speech = _model.SpeakAsync(" \n ", _voice, cancellationToken: Cancellation);

        (await speech.ToAudioAsync(Cancellation)).Samples.Length.ShouldBe(0);
        speech.Report.EndReason.ShouldBe(SpeechEndReason.EndOfSpeech);
        speech.Report.EndedBeforeText.ShouldBeFalse();
    }

    [Fact]
    public async Task An_end_before_the_text_was_read_is_reported()
    {
        var options = new ModelOptions { Threads = 1, EndOfSpeechBias = 50 };
        using var hasty = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, options, Cancellation);
        var voice = hasty.LoadVoice(GoldenFiles.TinyVoice);
        var speech = hasty.SpeakAsync(Text, voice, cancellationToken: Cancellation);
        var audio = await speech.ToAudioAsync(Cancellation);

        speech.Report.ShouldSatisfyAllConditions(
            report => report.EndReason.ShouldBe(SpeechEndReason.EndOfSpeech),
            report => report.EndedBeforeText.ShouldBeTrue(),
            report => report.FramesSpoken.ShouldBe(1),
            report => report.FramesComputed.ShouldBe(6),
            report => report.TokensRead.ShouldBe(5),
            report => report.Duration.ShouldBe(audio.Duration)
        );
    }

    [Fact]
    public async Task Samples_out_of_range_are_limited_and_the_others_left_alone()
    {
        var quiet = _model.SpeakAsync(Text, _voice, new SpeakOptions { Noise = new Loud(0.01f) }, Cancellation);
        var loud = _model.SpeakAsync(Text, _voice, new SpeakOptions { Noise = new Loud(1e9f) }, Cancellation);
        await quiet.ToAudioAsync(Cancellation);
        var samples = (await loud.ToAudioAsync(Cancellation)).Samples.ToArray();

        quiet.Report.PeakLevel.ShouldBeInRange(1e-4f, 1);
        loud.Report.PeakLevel.ShouldBeGreaterThan(1);
        samples.Max(Math.Abs).ShouldBe(1);
    }

    [Fact]
    public async Task A_voice_of_another_model_and_impossible_steps_are_refused()
    {
        using var other = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, cancellationToken: Cancellation);

        Should
            .Throw<ArgumentException>(() => other.SpeakAsync(Text, _voice, cancellationToken: Cancellation))
            .Message.ShouldContain("another model");
        Should
            .Throw<ArgumentException>(() =>
                _model.SpeakAsync(Text, _voice, new SpeakOptions { DiffusionSteps = 1000 }, Cancellation)
            )
            .Message.ShouldContain("from 1 to 999");
    }

    private async Task<float[]> SpeakAsync(string text, ulong seed)
    {
        var speech = _model.SpeakAsync(text, _voice, new SpeakOptions { Seed = seed }, Cancellation);
        return (await speech.ToAudioAsync(Cancellation)).Samples.ToArray();
    }

    private static async IAsyncEnumerable<string> PiecesAsync(string text, int size)
    {
        foreach (var piece in text.Chunk(size))
        {
            await Task.Yield();
            yield return new string(piece);
        }
    }

    private static async IAsyncEnumerable<string> HalfAsync(
        Task<string> rest,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        yield return Text[..Half];
        yield return await rest;
    }

    private sealed class Loud(float factor) : INoiseSource
    {
        public void Fill(int frame, Span<float> noise)
        {
            for (var i = 0; i < noise.Length; i++)
            {
                noise[i] = factor * MathF.Sin(i + frame);
            }
        }
    }
}
