using CsCheck;
using VibeVoice.Tests.Generation;
using VibeVoice.Tests.Text;

namespace VibeVoice.Tests;

/// <summary>Laws of long text: chunks, pauses, joins and limits, held by the recorded checkpoint of 128 positions.</summary>
public sealed class LongTextTests : IAsyncLifetime
{
    /// <summary>Some four chunks of the smallest checkpoint.</summary>
    private const string Text =
        "Hello there! This is a test.\n\nIt is long, but not too long. Is it split? Yes, and then it goes on to its end.";

    private VibeVoiceModel _model = null!;
    private VibeVoiceModel _endless = null!;
    private ModelVoice _voice = null!;
    private ModelVoice _endlessVoice = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int Rate => _model.SampleRateHz;

    public async ValueTask InitializeAsync()
    {
        _model = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, new ModelOptions { Threads = 1 }, Cancellation);
        _voice = _model.LoadVoice(GoldenFiles.TinyVoice);
        var endless = new ModelOptions { Threads = 1, EndOfSpeechBias = -50 };
        _endless = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, endless, Cancellation);
        _endlessVoice = _endless.LoadVoice(GoldenFiles.TinyVoice);
    }

    public ValueTask DisposeAsync()
    {
        _model.Dispose();
        _endless.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_text_that_fits_sounds_as_it_does_in_one_piece()
    {
        foreach (var text in (string[])["One.", "Hello there! Is this it?", "Three words, more"])
        {
            var whole = await SpeakAsync(text, new SpeakOptions { Seed = 7, LongText = null });
            var split = await SpeakAsync(text, new SpeakOptions { Seed = 7 });

            split.Samples.ShouldBe(whole.Samples);
            split.Report.ShouldBe(whole.Report with { Chunks = split.Report.Chunks });
            split.Report.Chunks.Count.ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_long_text_is_spoken_in_the_chunks_that_were_planned()
    {
        var options = new SpeakOptions { Seed = 7 };
        var plan = _model.Planner.Plan(Text, _voice, options);
        var (samples, report) = await SpeakAsync(Text, options);

        plan.Chunks.Count.ShouldBeGreaterThan(2);
        report.Chunks.Select(chunk => chunk.TokensRead).ShouldBe(plan.Chunks.Select(chunk => chunk.Tokens));
        report.TokensRead.ShouldBe(plan.Tokens);
        report.EndedBeforeText.ShouldBeFalse();
        report.EndReason.ShouldBe(SpeechEndReason.EndOfSpeech);
        report.Chunks.Sum(chunk => chunk.FramesSpoken).ShouldBe(report.FramesSpoken);
        var silence = plan.Chunks.Sum(chunk => SamplesOf(chunk.Silence));
        samples.Length.ShouldBe((report.FramesSpoken * _model.SamplesPerFrame) + silence);
        report.Duration.TotalSeconds.ShouldBe((double)samples.Length / Rate, 1e-6);
    }

    [Fact]
    public async Task Each_chunk_is_what_its_text_is_alone_with_its_noise()
    {
        var options = new SpeakOptions { Noise = new SameNoise() };
        var plan = _model.Planner.Plan(Text, _voice, options);
        var (samples, report) = await SpeakAsync(Text, options);
        var position = 0;
        for (var i = 0; i < plan.Chunks.Count; i++)
        {
            var alone = await SpeakAsync(plan.Chunks[i].Text, options with { LongText = null });
            var length = report.Chunks[i].FramesSpoken * _model.SamplesPerFrame;
            var faded = SamplesOf(TimeSpan.FromMilliseconds(5));
            alone.Samples.Length.ShouldBe(length);
            // But for the ends of joints it is the same to the bit.
            samples[(position + faded)..(position + length - faded)].ShouldBe(alone.Samples[faded..^faded]);
            if (i == 0)
            {
                samples[..faded].ShouldBe(alone.Samples[..faded]);
            }

            if (i == plan.Chunks.Count - 1)
            {
                samples[^faded..].ShouldBe(alone.Samples[^faded..]);
            }

            position += length + SamplesOf(plan.Chunks[i].Silence);
        }

        position.ShouldBe(samples.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3, 11)]
    [InlineData(40)]
    public async Task A_long_text_in_pieces_is_spoken_as_the_whole(params int[] sizes)
    {
        const string text = Text + " [pause:50ms] [pause:0.02s] Done.[pause:1s]";
        var options = new SpeakOptions { Seed = 3 };
        var whole = await SpeakAsync(text, options);
        var speech = _model.SpeakAsync(Cuttings.CutAsync(text, sizes), _voice, options, Cancellation);

        (await speech.ToAudioAsync(Cancellation)).Samples.ToArray().ShouldBe(whole.Samples);
        speech.Report.Chunks.ShouldBe(whole.Report.Chunks);
    }

    [Fact]
    public void Any_cutting_and_any_budget_is_planned_as_it_is_spoken() =>
        // The plan and the speech read one script; that the plan's tokens are the reader's is what is left to hold.
        Gen.Select(Gen.Int[24, 128], Gen.Double[0.5, 8])
            .Sample(
                (positions, framesPerToken) =>
                {
                    var longText = new LongTextOptions { PositionBudget = positions, FramesPerToken = framesPerToken };
                    var plan = _model.Planner.Plan(Text, _voice, new SpeakOptions { LongText = longText });
                    var budget = Math.Max(1, (int)((positions - 21) / (1 + framesPerToken)) - 1);
                    plan.Chunks.ShouldAllBe(chunk => chunk.Tokens <= budget + 1);
                    var words = string.Join(' ', plan.Chunks.Select(chunk => chunk.Text));
                    words.Where(char.IsLetter).ShouldBe(Text.Where(char.IsLetter));
                },
                iter: 200,
                threads: 1
            );

    [Fact]
    public async Task A_pause_is_silence_to_the_sample()
    {
        const string text = "[pause:100ms]One.[pause:250ms]Two.[pause:1.5s][pause:0.0625ms]";
        var (samples, report) = await SpeakAsync(text, new SpeakOptions { Noise = new SameNoise() });
        var frame = _model.SamplesPerFrame;
        var first = report.Chunks[0].FramesSpoken * frame;
        var second = report.Chunks[1].FramesSpoken * frame;

        samples.Length.ShouldBe(2_400 + first + 6_000 + second + 36_002);
        samples[..2_400].ShouldAllBe(sample => sample == 0);
        samples.AsSpan(2_400 + first, 6_000).IndexOfAnyExcept(0f).ShouldBe(-1);
        samples.AsSpan(2_400 + first + 6_000 + second).IndexOfAnyExcept(0f).ShouldBe(-1);
        samples[2_399 + first].ShouldNotBe(0);
        samples[2_400 + first + 6_000].ShouldNotBe(0);
        report.Chunks.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Joints_have_no_step()
    {
        var longText = new LongTextOptions
        {
            ParagraphPause = TimeSpan.Zero,
            SentencePause = TimeSpan.Zero,
            ClausePause = TimeSpan.Zero,
        };
        var (samples, report) = await SpeakAsync(Text, new SpeakOptions { Seed = 7, LongText = longText });
        var largest = samples.Max(Math.Abs);
        var joint = 0;

        foreach (var chunk in report.Chunks.SkipLast(1))
        {
            joint += chunk.FramesSpoken * _model.SamplesPerFrame;
            for (var i = joint - 3; i < joint + 3; i++)
            {
                Math.Abs(samples[i]).ShouldBeLessThan(0.02f * largest, $"sample {i}, {i - joint} from the joint");
            }
        }

        // It is no joint that is quiet by itself: alone, the first chunk ends in the middle of a sound.
        var plan = _model.Planner.Plan(Text, _voice, new SpeakOptions { LongText = longText });
        var alone = await SpeakAsync(plan.Chunks[0].Text, new SpeakOptions { Seed = 7 });
        Math.Abs(alone.Samples[^1]).ShouldBeGreaterThan(0.02f * largest);
    }

    [Fact]
    public async Task Where_the_position_limit_comes_first_speech_goes_on_at_the_first_sentence_not_read()
    {
        // Planned as if a token needed half a frame, spoken by a model that never ends.
        var options = new SpeakOptions { LongText = new LongTextOptions { FramesPerToken = 0.5 } };
        var plan = _endless.Planner.Plan(Text, _endlessVoice, options);
        var (_, report) = await SpeakAsync(Text, options, _endless, _endlessVoice);

        report.Chunks.Count.ShouldBeGreaterThan(plan.Chunks.Count);
        report.Chunks.ShouldAllBe(chunk => chunk.EndReason == SpeechEndReason.PositionLimit);
        report.EndedBeforeText.ShouldBeFalse();
        report.TokensRead.ShouldBeGreaterThan(plan.Tokens - 3); // sentences that were not read whole are read again
        report.EndReason.ShouldBe(SpeechEndReason.PositionLimit);
    }

    [Fact]
    public async Task In_one_piece_the_position_limit_is_the_end()
    {
        var options = new SpeakOptions { LongText = null };
        var (_, report) = await SpeakAsync(Text + " " + Text, options, _endless, _endlessVoice);

        report.Chunks.Count.ShouldBe(1);
        report.EndReason.ShouldBe(SpeechEndReason.PositionLimit);
        report.EndedBeforeText.ShouldBeTrue();
    }

    [Fact]
    public async Task In_one_piece_the_position_limit_is_the_end_also_of_a_text_that_has_none()
    {
        var speech = _endless.SpeakAsync(
            WithoutEndAsync(),
            _endlessVoice,
            new SpeakOptions { LongText = null },
            Cancellation
        );
        var reading = speech.ToAudioAsync(Cancellation);

        var audio = await reading.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        speech.Report.EndReason.ShouldBe(SpeechEndReason.PositionLimit);
        speech.Report.EndedBeforeText.ShouldBeTrue();
        audio.Samples.Length.ShouldBe(speech.Report.FramesSpoken * _endless.SamplesPerFrame);

        static async IAsyncEnumerable<string> WithoutEndAsync()
        {
            while (true)
            {
                await Task.Yield();
                yield return "It goes on. ";
            }
        }
    }

    [Fact]
    public async Task A_sentence_that_never_fits_is_gone_on_with_where_reading_stopped()
    {
        var text = string.Join(' ', Enumerable.Repeat("words", 30));
        var longText = new LongTextOptions { FramesPerToken = 0.01 };
        var (_, report) = await SpeakAsync(text, new SpeakOptions { LongText = longText }, _endless, _endlessVoice);
        var whole = _endless.Planner.Plan(text, _endlessVoice, new SpeakOptions { LongText = longText });

        report.Chunks.Count.ShouldBeGreaterThan(whole.Chunks.Count);
        report.TokensRead.ShouldBe(whole.Tokens); // nothing twice, nothing lost
        report.EndedBeforeText.ShouldBeFalse();
    }

    [Fact]
    public async Task A_chunk_that_does_not_end_is_stopped_at_its_longest_duration()
    {
        var frame = TimeSpan.FromSeconds((double)_model.SamplesPerFrame / Rate);
        var longText = new LongTextOptions { MaxChunkDuration = 12 * frame, FramesPerToken = 2 };
        var (samples, report) = await SpeakAsync(
            "One two three.",
            new SpeakOptions { LongText = longText },
            _endless,
            _endlessVoice
        );

        report.Chunks.ShouldAllBe(chunk => chunk.EndReason == SpeechEndReason.DurationLimit);
        report.Chunks.ShouldAllBe(chunk => chunk.FramesSpoken == 12);
        report.EndedBeforeText.ShouldBeFalse();
        samples.Length.ShouldBeGreaterThan(11 * _model.SamplesPerFrame);
    }

    [Fact]
    public async Task A_chunk_that_ends_before_its_text_is_reported_and_the_next_is_spoken()
    {
        var options = new ModelOptions { Threads = 1, EndOfSpeechBias = 50 };
        using var hasty = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, options, Cancellation);
        var voice = hasty.LoadVoice(GoldenFiles.TinyVoice);
        var plan = hasty.Planner.Plan(Text, voice);
        var (_, report) = await SpeakAsync(Text, new SpeakOptions(), hasty, voice);

        report.Chunks.Count.ShouldBe(plan.Chunks.Count);
        report.Chunks.ShouldAllBe(chunk => chunk.FramesSpoken == 1 && chunk.TokensRead == 5 && chunk.EndedBeforeText);
        report.EndedBeforeText.ShouldBeTrue();
    }

    [Fact]
    public async Task A_text_of_as_many_tokens_as_windows_is_not_said_to_be_unread()
    {
        // Its last token is the last of a window: that there are no more shows only when one looks.
        var options = new ModelOptions { Threads = 1, EndOfSpeechBias = 50 };
        using var hasty = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, options, Cancellation);
        var voice = hasty.LoadVoice(GoldenFiles.TinyVoice);
        var text = Enumerable
            .Range(1, 20)
            .Select(length => new string('q', length))
            .First(text => hasty.Planner.Plan(text, voice).Tokens == 5);

        (await SpeakAsync(text, new SpeakOptions(), hasty, voice)).Report.EndedBeforeText.ShouldBeFalse();
    }

    [Fact]
    public async Task Speech_begins_while_its_chunk_is_open_and_silence_while_text_is_awaited()
    {
        var rest = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var speech = _endless.SpeakAsync(
            OpenAsync(rest.Task),
            _endlessVoice,
            new SpeakOptions { Seed = 7 },
            Cancellation
        );
        await using var frames = speech.GetAsyncEnumerator(Cancellation);
        var samples = new List<float>();
        for (var frame = 0; frame < 8; frame++)
        {
            (await frames.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancellation)).ShouldBeTrue();
            samples.AddRange(frames.Current.Samples.Span);
        }

        rest.SetResult("goes on, and on. And it ends.");
        while (await frames.MoveNextAsync())
        {
            samples.AddRange(frames.Current.Samples.Span);
        }

        const string whole = "[pause:200ms] This is a sentence that begins and then goes on, and on. And it ends.";
        samples
            .ToArray()
            .ShouldBe((await SpeakAsync(whole, new SpeakOptions { Seed = 7 }, _endless, _endlessVoice)).Samples);

        static async IAsyncEnumerable<string> OpenAsync(Task<string> rest)
        {
            yield return "[pause:200ms] This is a sentence that begins and then ";
            yield return await rest;
        }
    }

    [Fact]
    public async Task Cancelling_stops_within_a_frame_in_any_chunk_and_in_silence()
    {
        var whole = await SpeakAsync(Text + "[pause:2s]" + Text, new SpeakOptions { Seed = 7 });
        foreach (
            var after in (int[])
                [1, whole.Report.Chunks[0].FramesSpoken + 1, whole.Report.Chunks[0].FramesSpoken + 6, 70]
        )
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var speech = _model.SpeakAsync(
                Text + "[pause:2s]" + Text,
                _voice,
                new SpeakOptions { Seed = 7 },
                stop.Token
            );
            var handedOut = 0;
            await Should.ThrowAsync<OperationCanceledException>(async () =>
            {
                await foreach (var _ in speech.WithCancellation(Cancellation))
                {
                    if (++handedOut == after)
                    {
                        await stop.CancelAsync();
                    }
                }
            });

            handedOut.ShouldBe(after);
            speech.Report.EndReason.ShouldBe(SpeechEndReason.Cancelled);
        }
    }

    [Fact]
    public async Task Three_long_texts_at_once_each_sound_as_they_do_alone()
    {
        string[] texts = [Text, "One.[pause:300ms]Two. [pause:10ms] Three.", $"Again: {Text}"];
        var together = await Task.WhenAll(
            texts.Select((text, i) => SpeakAsync(text, new SpeakOptions { Seed = (ulong)i }))
        );

        for (var i = 0; i < texts.Length; i++)
        {
            together[i].Samples.ShouldBe((await SpeakAsync(texts[i], new SpeakOptions { Seed = (ulong)i })).Samples);
        }
    }

    [Fact]
    public async Task Nothing_but_pauses_is_silence_and_nothing_is_nothing()
    {
        var pauses = await SpeakAsync("[pause:1s] [pause:500ms]", new SpeakOptions());
        pauses.Samples.Length.ShouldBe(36_000);
        pauses.Samples.ShouldAllBe(sample => sample == 0);
        pauses.Report.EndReason.ShouldBe(SpeechEndReason.EndOfSpeech);
        pauses.Report.Chunks.ShouldBeEmpty();

        (await SpeakAsync(" \u200b\ufeff ", new SpeakOptions())).Samples.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_pause_that_is_too_long_is_told_at_once_or_when_it_is_reached()
    {
        const string text = "One.[pause:61s]Two.";

        Should.Throw<PauseTooLongException>(() => _model.SpeakAsync(text, _voice, cancellationToken: Cancellation));
        Should.Throw<PauseTooLongException>(() => _model.Planner.Plan(text, _voice));
        var spoken = 0;
        var speech = _model.SpeakAsync(Cuttings.CutAsync(text, 1), _voice, cancellationToken: Cancellation);
        await Should.ThrowAsync<PauseTooLongException>(async () =>
        {
            await foreach (var _ in speech.WithCancellation(Cancellation))
            {
                spoken++;
            }
        });
        speech.Report.EndReason.ShouldBeNull();
    }

    [Fact]
    public async Task A_prompt_that_leaves_no_room_is_told_and_nothing_turns_in_circles()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(GoldenFiles.Tiny))
        {
            File.Copy(file, folder.PathOf(Path.GetFileName(file)));
        }

        var config = await File.ReadAllTextAsync(folder.PathOf("config.json"), Cancellation);
        var small = System.Text.RegularExpressions.Regex.Replace(
            config,
            "\"max_position_embeddings\": [0-9]+",
            "\"max_position_embeddings\": 22"
        );
        folder.Write("config.json", small);
        using var model = await VibeVoiceModel.LoadAsync(folder.Path, new ModelOptions { Threads = 1 }, Cancellation);
        var voice = model.LoadVoice(GoldenFiles.TinyVoice);
        var (samples, report) = await SpeakAsync("One. Two.[pause:10ms]Three.", new SpeakOptions(), model, voice);

        report.EndReason.ShouldBe(SpeechEndReason.PositionLimit);
        report.EndedBeforeText.ShouldBeTrue();
        report.Chunks.ShouldContain(chunk => chunk.FramesSpoken == 0 && chunk.TokensRead == 0 && chunk.EndedBeforeText);
        samples.Length.ShouldBeGreaterThanOrEqualTo(240);
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused_in_words()
    {
        Refuse(new LongTextOptions { FramesPerToken = 0 }, "FramesPerToken is 0");
        Refuse(new LongTextOptions { FramesPerToken = double.NaN }, "FramesPerToken is NaN");
        Refuse(new LongTextOptions { PositionBudget = 21 }, "PositionBudget is 21, but the prompt of the voice 'tiny'");
        Refuse(
            new LongTextOptions { MaxChunkDuration = TimeSpan.FromMilliseconds(100) },
            "MaxChunkDuration is 00:00:00.1"
        );
        Refuse(new LongTextOptions { ClausePause = TimeSpan.FromSeconds(-1) }, "A pause between chunks is -00:00:01");

        void Refuse(LongTextOptions longText, string message) =>
            Should
                .Throw<ArgumentException>(() =>
                    _model.Planner.Plan("x", _voice, new SpeakOptions { LongText = longText })
                )
                .Message.ShouldStartWith(message);
    }

    [Theory]
    [InlineData(OtherSizes.OddHeads)]
    [InlineData(OtherSizes.OneKeyHead)]
    public async Task Frames_of_a_few_samples_are_joined_too(string sizes)
    {
        using var folder = new TemporaryFolder();
        var path = OtherSizes.Write(sizes, folder);
        using var model = await VibeVoiceModel.LoadAsync(path, new ModelOptions { Threads = 1 }, Cancellation);
        var voice = model.LoadVoice(Path.Combine(path, "voices", "synthetic.safetensors"));
        const string text = "One two three. Four five six.[pause:10ms]Seven eight nine, ten eleven twelve.";
        var plan = model.Planner.Plan(text, voice);
        var (samples, report) = await SpeakAsync(text, new SpeakOptions(), model, voice);

        plan.Chunks.Count.ShouldBeGreaterThan(2);
        report.Chunks.Count.ShouldBeGreaterThanOrEqualTo(plan.Chunks.Count);
        var silence = samples.Length - (report.FramesSpoken * model.SamplesPerFrame);
        silence.ShouldBeGreaterThanOrEqualTo(240);
        samples.ShouldAllBe(sample => float.IsFinite(sample));
    }

    private int SamplesOf(TimeSpan duration) => (int)Math.Round(duration.TotalSeconds * Rate);

    private async Task<(float[] Samples, SpeakReport Report)> SpeakAsync(
        string text,
        SpeakOptions options,
        VibeVoiceModel? model = null,
        ModelVoice? voice = null
    )
    {
        var speech = (model ?? _model).SpeakAsync(text, voice ?? _voice, options, Cancellation);
        var audio = await speech.ToAudioAsync(Cancellation);
        return (audio.Samples.ToArray(), speech.Report);
    }

    /// <summary>The same for every frame, so that a chunk sounds alike wherever it stands.</summary>
    private sealed class SameNoise : INoiseSource
    {
        public void Fill(int frame, Span<float> noise)
        {
            for (var i = 0; i < noise.Length; i++)
            {
                noise[i] = MathF.Sin(i * 1.7f);
            }
        }
    }
}
