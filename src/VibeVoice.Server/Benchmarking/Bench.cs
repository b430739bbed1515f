using System.Diagnostics;
using System.Runtime.CompilerServices;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Benchmarking;

/// <summary>Loads a model, lets it speak an endless text, and takes the times.</summary>
internal sealed class Bench : IDisposable
{
    /// <summary>So low that speech never ends: what is measured must not depend on what a checkpoint would say.</summary>
    private const float NeverEnds = -50;
    private const int RunsToWarmUp = 4;
    private const int FirstFrames = 5;
    private const int FramesAtSameContext = 24;
    private const int RunsAtSameContext = 3;
    private const int FramesOfContext = 200;

    private readonly VibeVoiceModel _model;
    private readonly ModelVoice _voice;
    private readonly SpeakOptions _options;

    private Bench(VibeVoiceModel model, ModelVoice voice, int? steps)
    {
        _model = model;
        _voice = voice;
        _options = new SpeakOptions { DiffusionSteps = steps, LongText = null }; // one run: a context that grows
    }

    public static async Task<BenchResult> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        using var bench = await LoadAsync(options, cancellationToken);
        var load = Stopwatch.GetElapsedTime(begun);
        // What is made on first use is made now; and the compiler looks at code for some seconds before it makes its best of it.
        for (var i = 0; i < RunsToWarmUp; i++)
        {
            await bench.SpeakAsync(FramesAtSameContext, cancellationToken);
        }

        var firstAudio = await bench.FirstAudioAsync(cancellationToken);
        var run = await bench.SpeakAtOnceAsync(options.Streams, options.Frames, cancellationToken);
        var memory = ProcessMemory.Now();
        using var fresh = await LoadAsync(options, cancellationToken);
        var lateOverEarly = await bench.CompareAsync(fresh, cancellationToken);
        return new BenchResult(
            Computing.Of(bench._model).Precision,
            ThreadsOf(options),
            options.Steps ?? bench._model.DefaultDiffusionSteps,
            options.Streams,
            run.Frames,
            run.Wall.TotalSeconds / (run.Frames * bench.SecondsOfFrame),
            firstAudio.TotalMilliseconds,
            load.TotalMilliseconds,
            memory.Peak,
            memory.FileBacked,
            run.MemoryGrowth,
            run.AllocatedBytesPerFrame,
            lateOverEarly,
            run.Contexts,
            run.Parts,
            BenchMachine.Describe()
        );
    }

    public void Dispose() => _model.Dispose();

    private static async Task<Bench> LoadAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var model = await VibeVoiceModel.LoadAsync(
            options.Model,
            new ModelOptions
            {
                Threads = ThreadsOf(options),
                Slots = options.Streams,
                Device = options.Device,
                Precision = options.Precision.Whole,
                Parts = options.Precision.Parts,
                EndOfSpeechBias = NeverEnds,
                CompiledFolder = options.CompiledFolder,
            },
            cancellationToken
        );
        try
        {
            return new Bench(model, model.LoadVoice(options.Voice), options.Steps);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static int ThreadsOf(BenchOptions options) => options.Threads ?? Environment.ProcessorCount;

    private double SecondsOfFrame => (double)_model.SamplesPerFrame / _model.SampleRateHz;

    /// <summary>From the call to the first frame: a median, since each is a single event.</summary>
    private async Task<TimeSpan> FirstAudioAsync(CancellationToken cancellationToken)
    {
        var times = new TimeSpan[FirstFrames];
        for (var i = 0; i < times.Length; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            await SpeakAsync(frames: 1, cancellationToken);
            times[i] = Stopwatch.GetElapsedTime(begun);
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }

    /// <summary>Time of some frames of this model, after all that it spoke, over the same of one that spoke nothing.</summary>
    /// <remarks>
    /// In turns, not one after a long run and the other before it: a machine that others use is slower for minutes. The least of
    /// each, since others only add to it.
    /// </remarks>
    private async Task<double> CompareAsync(Bench fresh, CancellationToken cancellationToken)
    {
        var (late, early) = (double.PositiveInfinity, double.PositiveInfinity);
        for (var i = 0; i < RunsAtSameContext; i++)
        {
            late = Math.Min(late, await SpeakAsync(FramesAtSameContext, cancellationToken));
            early = Math.Min(early, await fresh.SpeakAsync(FramesAtSameContext, cancellationToken));
        }

        return late / early;
    }

    private async Task<Run> SpeakAtOnceAsync(int streams, int frames, CancellationToken cancellationToken)
    {
        GC.Collect();
        using var parts = new PartListener();
        var early = new double[streams];
        var contexts = new List<BenchContext>();
        var (step, atStep) = (Math.Max(1, Math.Min(FramesOfContext, frames)), Stopwatch.GetTimestamp());
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var begun = Stopwatch.GetTimestamp();
        var speaking = Enumerable
            .Range(0, streams)
            .Select(stream =>
                Task.Run(
                    () =>
                        SpeakAsync(
                            frames,
                            cancellationToken,
                            frame =>
                            {
                                if (frame == frames / 10)
                                {
                                    early[stream] = ProcessMemory.Now().Own;
                                }

                                if (stream == 0 && (frame + 1) % step == 0)
                                {
                                    var factor =
                                        Stopwatch.GetElapsedTime(atStep).TotalSeconds / (step * SecondsOfFrame);
                                    contexts.Add(new BenchContext(frame + 1, factor));
                                    atStep = Stopwatch.GetTimestamp();
                                }
                            }
                        ),
                    cancellationToken
                )
            );
        await Task.WhenAll(speaking);
        var wall = Stopwatch.GetElapsedTime(begun);
        var all = streams * frames;
        var perFrame = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / all;
        return new Run(
            all,
            wall,
            contexts,
            parts.PerFrame(wall, all),
            perFrame - (_model.SamplesPerFrame * sizeof(float)),
            ProcessMemory.Now().Own - early.Max()
        );
    }

    /// <returns>Seconds that it took.</returns>
    private async Task<double> SpeakAsync(int frames, CancellationToken cancellationToken, Action<int>? atFrame = null)
    {
        var begun = Stopwatch.GetTimestamp();
        var spoken = 0;
        await foreach (
            var _ in _model.SpeakAsync(EndlessTextAsync(cancellationToken), _voice, _options, cancellationToken)
        )
        {
            atFrame?.Invoke(spoken);
            if (++spoken == frames)
            {
                return Stopwatch.GetElapsedTime(begun).TotalSeconds;
            }
        }

        throw new SpeechFailedException(
            $"The model's context was full after {spoken} frames, but {frames} were asked for. Lower '--frames'."
        );
    }

    // Five tokens for every six frames, as long as anyone asks: a text is never the reason to end.
    private static async IAsyncEnumerable<string> EndlessTextAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.CompletedTask;
            yield return "The quick brown fox jumps over the lazy dog near the river bank, and nobody saw it. ";
        }
    }

    private sealed record Run(
        int Frames,
        TimeSpan Wall,
        IReadOnlyList<BenchContext> Contexts,
        PartTimes Parts,
        long AllocatedBytesPerFrame,
        double MemoryGrowth
    );
}
