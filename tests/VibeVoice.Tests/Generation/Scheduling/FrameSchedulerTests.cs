using System.Diagnostics;
using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Generation.Scheduling;

namespace VibeVoice.Tests.Generation.Scheduling;

public sealed class FrameSchedulerTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly FakeEngine _engine = new();
    private readonly VoicePreset _voice;
    private FrameScheduler _scheduler;

    public FrameSchedulerTests()
    {
        _voice = VoicePreset.Load(GoldenFiles.TinyVoice, _engine.Config);
        _scheduler = new FrameScheduler(_engine, slots: 8, mostWaiting: 0);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _scheduler.Dispose();

    [Fact]
    public async Task Who_asks_is_in_the_very_next_frame()
    {
        var (a, b, c) = (await OpenAsync(), await OpenAsync(), await OpenAsync());
        using var gate = Hold(call => call.Part == "sample");
        var six = AskAsync(a, frames: 6);
        await gate.ArriveAsync(Cancellation);
        var (first, second) = (AskAsync(b), AskAsync(c));

        gate.Open();
        await Task.WhenAll(six, first, second);

        var samples = _engine.StreamsOf("sample");
        samples.Length.ShouldBe(6); // nobody waited for the six of another, and no frame was computed twice
        samples[0].ShouldBe([0]);
        samples[1].ShouldBe([0, 1, 2]);
        samples[2..].ShouldAllBe(streams => streams.Length == 1 && streams[0] == 0);
        (await six).Length.ShouldBe(6 * _engine.Config.Acoustic.SamplesPerFrame);
        (await first).Length.ShouldBe(_engine.Config.Acoustic.SamplesPerFrame);
    }

    [Fact]
    public async Task Those_in_the_middle_of_a_window_and_those_who_begin_one_share_all_but_the_text()
    {
        var (a, b) = (await OpenAsync(), await OpenAsync());
        await AskAsync(a, [1, 2, 3]);
        using var gate = Hold(call => call.Part == "sample");
        var six = AskAsync(a, frames: 5);
        await gate.ArriveAsync(Cancellation);
        var first = AskAsync(b, [4, 5]);

        gate.Open();
        await Task.WhenAll(six, first);

        _engine
            .StreamsOf("text")
            .ShouldBe([
                [0],
                [1],
            ]);
        _engine.StreamsOf("sample")[2].ShouldBe([0, 1]);
        _engine.StreamsOf("feed back")[2].ShouldBe([0, 1]);
    }

    [Fact]
    public async Task A_first_frame_does_not_wait_for_the_sound_of_six()
    {
        var (a, b) = (await OpenAsync(), await OpenAsync());
        var samples = 0;
        using var sixth = new CallGate(call => call.Part == "sample" && ++samples == 6);
        using var sound = new CallGate(call => call.Part == "decode" && call.Frames > 1);
        _engine.OnCall = call =>
        {
            sixth.Pass(call);
            sound.Pass(call);
        };
        var six = AskAsync(a, frames: 6);
        await sixth.ArriveAsync(Cancellation);
        var first = AskAsync(b);

        sixth.Open();
        await first; // while the six are held up
        await sound.ArriveAsync(Cancellation);
        six.IsCompleted.ShouldBeFalse();
        sound.Open();

        (await six).Length.ShouldBe(6 * _engine.Config.Acoustic.SamplesPerFrame);
    }

    [Fact]
    public async Task Who_begins_again_and_again_puts_off_the_sound_of_six_only_once()
    {
        var a = await OpenAsync();
        ScheduledRun[] others = [await OpenAsync(), await OpenAsync(), await OpenAsync()];
        var begun = new List<Task>();
        var samples = 0;
        _engine.OnCall = call =>
        {
            if (call.Part == "sample" && ++samples >= 6 && begun.Count < others.Length)
            {
                begun.Add(AskAsync(others[begun.Count]));
            }
        };

        await AskAsync(a, frames: 6);
        await Task.WhenAll(begun);

        begun.Count.ShouldBe(3);
        var parts = _engine.Calls.Where(call => call.Part is "sample" or "decode").ToList();
        var six = parts.FindIndex(call => call.Frames == 6);
        parts.Take(six).Count(call => call.Part == "sample").ShouldBe(7);
    }

    [Fact]
    public async Task Readers_who_keep_step_share_every_frame()
    {
        _scheduler = new FrameScheduler(_engine, 8, 0, grace: Long);
        var (a, b) = (await OpenAsync(), await OpenAsync());
        using var gate = Hold(call => call.Part == "sample");
        var first = ReadAsync(a, 30);
        await gate.ArriveAsync(Cancellation);
        var second = ReadAsync(b, 30);

        gate.Open();
        await Task.WhenAll(first, second);

        // The first frame was one's alone, so the other's last is.
        _engine.StreamsOf("sample").Count(streams => streams.Length == 1).ShouldBe(2);
    }

    [Fact]
    public async Task A_reader_who_is_slow_or_never_comes_back_is_waited_for_once()
    {
        var grace = TimeSpan.FromMilliseconds(400);
        _scheduler = new FrameScheduler(_engine, 8, 0, grace);
        var (slow, quick) = (await OpenAsync(), await OpenAsync());
        await AskAsync(slow);
        var begun = Stopwatch.GetTimestamp();
        for (var round = 0; round < 4; round++)
        {
            var now = Stopwatch.GetTimestamp();
            await ReadAsync(quick, 5);
            if (round > 0)
            {
                Stopwatch.GetElapsedTime(now).ShouldBeLessThan(grace);
            }

            await Task.Delay(grace * 1.5, Cancellation);
            await AskAsync(slow);
        }

        // Four times the delay between the rounds, and the grace once, with as much again for a busy machine.
        Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(grace * 9);
    }

    [Fact]
    public async Task Who_leaves_is_not_waited_for()
    {
        _scheduler = new FrameScheduler(_engine, 8, 0, grace: Long);
        var (leaves, stays) = (await OpenAsync(), await OpenAsync());
        await AskAsync(leaves);
        var waiting = AskAsync(stays);
        await Task.Delay(20, Cancellation);
        waiting.IsCompleted.ShouldBeFalse();

        _scheduler.Leave(leaves);

        await waiting.WaitAsync(Long / 2, Cancellation);
    }

    [Theory]
    [InlineData("text", false)]
    [InlineData("sample", true)]
    [InlineData("feed back", true)]
    [InlineData("decode", true)]
    public async Task What_a_call_throws_is_the_failure_of_those_who_share_it(string part, bool isShared)
    {
        var (a, b, c) = (await OpenAsync(), await OpenAsync(), await OpenAsync());
        using var gate = new CallGate(call => call.Part == "sample");
        _engine.OnCall = call =>
        {
            gate.Pass(call);
            if (call.Part == part && call.Streams.Contains(1))
            {
                throw new InvalidDataException("broken");
            }
        };
        var unaffected = AskAsync(c); // in a frame before
        await gate.ArriveAsync(Cancellation);
        var (failing, beside) = (AskAsync(b, [1]), AskAsync(a, [1]));

        gate.Open();

        await unaffected;
        (await Should.ThrowAsync<InvalidDataException>(failing)).Message.ShouldBe("broken");
        if (isShared)
        {
            await Should.ThrowAsync<InvalidDataException>(beside);
        }
        else
        {
            await beside;
        }

        await AskAsync(c); // the loop lives
    }

    [Fact]
    public async Task A_source_of_noise_that_throws_harms_no_other()
    {
        var (a, b) = (await OpenAsync(), await OpenAsync(new Broken()));
        using var gate = Hold(call => call.Part == "sample");
        var before = AskAsync(a);
        await gate.ArriveAsync(Cancellation);
        var failing = AskAsync(b);
        gate.Open();

        await before;
        await Should.ThrowAsync<InvalidDataException>(failing);
        await AskAsync(a);
    }

    [Fact]
    public async Task One_who_gives_up_waiting_leaves_at_once_and_one_in_a_frame_after_it()
    {
        var (a, b) = (await OpenAsync(), await OpenAsync());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var gate = Hold(call => call.Part == "sample");
        var inFrame = _scheduler.ComputeAsync(a, default, 6, stop.Token).AsTask();
        await gate.ArriveAsync(Cancellation);
        var waiting = _scheduler.ComputeAsync(b, default, 1, stop.Token).AsTask();

        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting); // though the frame goes on
        inFrame.IsCompleted.ShouldBeFalse();
        gate.Open();

        await Should.ThrowAsync<OperationCanceledException>(inFrame);
        await AskAsync(b);
        _engine
            .StreamsOf("sample")
            .ShouldBe([
                [0],
                [1],
            ]);
    }

    [Fact]
    public async Task Disposing_lets_the_frame_be_handed_over_and_fails_the_others()
    {
        var (a, b, c) = (await OpenAsync(), await OpenAsync(), await OpenAsync());
        using var gate = Hold(call => call.Part == "sample");
        var (one, six) = (AskAsync(a), AskAsync(b, frames: 6));
        await gate.ArriveAsync(Cancellation);
        var waiting = AskAsync(c);
        var opening = OpenAsync();

        _scheduler.Dispose();
        gate.Open();

        (await one).Length.ShouldBe(_engine.Config.Acoustic.SamplesPerFrame);
        await Should.ThrowAsync<ObjectDisposedException>(six);
        await Should.ThrowAsync<ObjectDisposedException>(waiting);
        (await opening).Run.Dispose(); // it was asked for before, and is between two frames
        await Should.ThrowAsync<ObjectDisposedException>(() => AskAsync(a));
    }

    [Fact]
    public async Task Readers_never_go_on_with_the_scheduler_on_its_thread()
    {
        var threads = new List<string?>();
        await ReadAsync(await OpenAsync(), 30, () => threads.Add(Thread.CurrentThread.Name));
        var inside = "";
        await _scheduler.RunAloneAsync(() => inside = Thread.CurrentThread.Name, Cancellation);

        inside.ShouldBe(FrameScheduler.ThreadName);
        threads.Count.ShouldBe(30);
        threads.ShouldNotContain(FrameScheduler.ThreadName);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_prompt_is_copied_beside_a_frame_only_where_the_engine_allows(bool isAllowed)
    {
        var engine = new FakeEngine { MayOpenBesideCalls = isAllowed };
        using var scheduler = new FrameScheduler(engine, 8, 0);
        var first = new ScheduledRun(await scheduler.OpenAsync(_voice, Options(), 0, Cancellation));
        using var gate = new CallGate(call => call.Part == "sample");
        engine.OnCall = gate.Pass;
        var frame = scheduler.ComputeAsync(first, default, 1, Cancellation).AsTask();
        await gate.ArriveAsync(Cancellation);

        var opening = scheduler.OpenAsync(_voice, Options(), 0, Cancellation).AsTask();
        if (isAllowed)
        {
            await opening;
        }
        else
        {
            await Task.Delay(20, Cancellation);
            opening.IsCompleted.ShouldBeFalse();
        }

        gate.Open();
        await frame;
        (await opening).NeedsText.ShouldBeTrue();
    }

    [Fact]
    public async Task What_runs_alone_may_throw_and_may_be_cancelled()
    {
        using var stop = new CancellationTokenSource();
        await Should.ThrowAsync<InvalidDataException>(() =>
            _scheduler.RunAloneAsync(() => throw new InvalidDataException(), Cancellation)
        );
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => _scheduler.RunAloneAsync(() => { }, stop.Token));
        await AskAsync(await OpenAsync());
    }

    private CallGate Hold(Predicate<FakeCall> holds)
    {
        var gate = new CallGate(holds);
        _engine.OnCall = gate.Pass;
        return gate;
    }

    private static SpeechRunOptions Options(INoiseSource? noise = null) =>
        new(1.5f, SolverSchedule.Create(2, 1000), noise ?? new SeededNoise(1));

    private async Task<ScheduledRun> OpenAsync(INoiseSource? noise = null) =>
        new(await _scheduler.OpenAsync(_voice, Options(noise), 0, Cancellation));

    private Task<Memory<float>> AskAsync(ScheduledRun run, int[]? text = null, int frames = 1) =>
        _scheduler.ComputeAsync(run, text, frames, Cancellation).AsTask();

    private async Task ReadAsync(ScheduledRun run, int frames, Action? atFrame = null)
    {
        for (var frame = 0; frame < frames; frame++)
        {
            await _scheduler.ComputeAsync(run, default, 1, Cancellation).ConfigureAwait(false);
            atFrame?.Invoke();
        }

        _scheduler.Leave(run);
    }

    private sealed class Broken : INoiseSource
    {
        public void Fill(int frame, Span<float> noise) => throw new InvalidDataException("no noise");
    }
}
