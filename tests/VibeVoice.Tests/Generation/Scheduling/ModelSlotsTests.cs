namespace VibeVoice.Tests.Generation.Scheduling;

/// <summary>What readers of speeches do to each other.</summary>
public sealed class ModelSlotsTests
{
    private const string Text = "One word after another, and then some more of them.";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_who_never_reads_again_keeps_a_slot_and_nobody_waiting()
    {
        using var fake = new FakeModel(slots: 2);
        await using var stuck = fake.Speak(Text).GetAsyncEnumerator(Cancellation);
        (await stuck.MoveNextAsync()).ShouldBeTrue();

        for (var i = 0; i < 10; i++)
        {
            (await fake.Speak(Text).ToAudioAsync(Cancellation)).Samples.Length.ShouldBeGreaterThan(0);
        }

        fake.Engine.MostOpen.ShouldBe(2);
        fake.Engine.StreamsOf("sample").Count(streams => streams.Contains(0)).ShouldBe(1); // nothing ahead of its reader
    }

    [Fact]
    public async Task Where_as_many_wait_as_may_the_next_is_told_and_the_others_come_in_order()
    {
        using var fake = new FakeModel(slots: 1, mostWaiting: 2);
        await using var first = fake.Speak(Text).GetAsyncEnumerator(Cancellation);
        (await first.MoveNextAsync()).ShouldBeTrue();
        var ended = new List<int>();
        Task[] waiting = [WaitAsync(0), WaitAsync(1)];

        (
            await Should.ThrowAsync<ModelBusyException>(() => fake.Speak(Text).ToAudioAsync(Cancellation))
        ).Message.ShouldBe(
            "The model speaks 1 texts at once, and 2 more wait, which is the most that may. Try again later, or load the "
                + "model with more ModelOptions.Slots, or a larger ModelOptions.MostWaiting."
        );
        ended.ShouldBeEmpty();
        await first.DisposeAsync();
        await Task.WhenAll(waiting);
        ended.ShouldBe([0, 1]);
        fake.Engine.MostOpen.ShouldBe(1);

        async Task WaitAsync(int number)
        {
            await fake.Speak(Text).ToAudioAsync(Cancellation);
            ended.Add(number);
        }
    }

    [Fact]
    public async Task A_text_without_words_needs_no_slot()
    {
        using var fake = new FakeModel(slots: 1, mostWaiting: 0);
        await using var first = fake.Speak(Text).GetAsyncEnumerator(Cancellation);
        (await first.MoveNextAsync()).ShouldBeTrue();

        (await fake.Speak("[pause:1s]").ToAudioAsync(Cancellation)).Samples.Length.ShouldBe(24_000);
        (await fake.Speak(" ").ToAudioAsync(Cancellation)).Samples.Length.ShouldBe(0);
    }

    [Fact]
    public async Task Disposing_the_model_fails_who_reads_and_who_waits_and_the_last_frees_it()
    {
        var fake = new FakeModel(slots: 1);
        await using var reading = fake.Speak(Text).GetAsyncEnumerator(Cancellation);
        (await reading.MoveNextAsync()).ShouldBeTrue();
        var waiting = fake.Speak(Text).ToAudioAsync(Cancellation);

        fake.Dispose();

        await Should.ThrowAsync<ObjectDisposedException>(waiting);
        fake.Engine.IsFreed.ShouldBeFalse();
        await Should.ThrowAsync<ObjectDisposedException>(async () => await reading.MoveNextAsync());
        fake.Engine.IsFreed.ShouldBeTrue();
    }

    [Fact]
    public async Task Frames_are_handed_over_in_groups_after_the_first_and_never_beyond_a_window()
    {
        using var fake = new FakeModel();
        var speech = fake.Speak(string.Join(' ', Enumerable.Repeat("word", 12)), seed: 3, together: 4);
        await speech.ToAudioAsync(Cancellation);

        var frames = fake.Engine.Calls.Where(call => call.Part == "decode").Select(call => call.Frames).ToArray();
        frames[..6].ShouldBe([1, 4, 1, 4, 2, 4]);
        frames.Sum().ShouldBe(speech.Report.FramesSpoken); // none after the end of speech
    }

    [Fact]
    public async Task The_number_of_slots_and_of_frames_together_is_checked()
    {
        using var fake = new FakeModel();

        await Should.ThrowAsync<ArgumentOutOfRangeException>(() =>
            VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, new ModelOptions { Slots = 0 }, Cancellation)
        );
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() =>
            VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, new ModelOptions { MostWaiting = -1 }, Cancellation)
        );
        foreach (var together in (int[])[0, 7])
        {
            Should
                .Throw<ArgumentException>(() => fake.Speak(Text, together: together))
                .Message.ShouldStartWith($"FramesPerHandOver is {together}, but must be from 1 to 6.");
        }
    }
}
