using System.Diagnostics;
using VibeVoice.Benchmarks.Measuring;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech.Preview;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>What the program itself computes on every sample, without any child process.</summary>
internal static class HotPath
{
    private const int Runs = 30;
    private const int WarmUps = 30;
    private const int EspeakRateHz = 22_050;
    private const int OutputRateHz = 24_000;
    private const int FrameSamples = 3_200;

    /// <summary>One piece of a pipe: what espeak-ng is read in.</summary>
    private const int ReadSamples = 2_048;

    private static readonly float[] Minute = [.. Enumerable.Range(0, 60 * EspeakRateHz).Select(i => MathF.Sin(i / 9f))];

    public static async Task<Table> MeasureAsync(CancellationToken cancellationToken)
    {
        var frames = Resampled().Select(frame => new AudioFrame(frame, OutputRateHz)).ToList();
        var times = await Sample.InTurnsAsync(
            Runs,
            WarmUps,
            () => Task.FromResult(Time(() => Resampled().Count)),
            () => TimeAsync(() => ConvertAsync(frames, cancellationToken))
        );
        var table = new Table(
            "Work on each minute of audio",
            "ms",
            $"One thread, the samples in memory. Resampling allocates {BytesAFrame():N0} bytes for a frame of "
                + $"{FrameSamples * sizeof(float):N0}. {Runs} runs in turns."
        );
        table.Add("resample 22,050 to 24,000 Hz, cut into frames", times[0]);
        table.Add("float to 16 bit", times[1]);
        return table;
    }

    private static List<ReadOnlyMemory<float>> Resampled()
    {
        var resampler = new Resampler(EspeakRateHz, OutputRateHz);
        var cutter = new FrameCutter(FrameSamples);
        var frames = new List<ReadOnlyMemory<float>>();
        for (var rest = Minute.AsSpan(); !rest.IsEmpty; rest = rest[Math.Min(ReadSamples, rest.Length)..])
        {
            cutter.Add(resampler.Process(rest[..Math.Min(ReadSamples, rest.Length)]));
            while (cutter.TryTake(out var frame))
            {
                frames.Add(frame);
            }
        }

        return frames;
    }

    private static async Task<int> ConvertAsync(List<AudioFrame> frames, CancellationToken cancellationToken)
    {
        var bytes = 0;
        await foreach (var piece in PcmPieces.PiecesAsync(frames.ToAsyncEnumerable(), cancellationToken))
        {
            bytes += piece.Length;
        }

        return bytes;
    }

    private static long BytesAFrame()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var frames = Resampled().Count;
        return (GC.GetAllocatedBytesForCurrentThread() - before) / frames;
    }

    private static double Time(Func<int> work)
    {
        var begun = Stopwatch.GetTimestamp();
        return work() > 0 ? Stopwatch.GetElapsedTime(begun).TotalMilliseconds : throw new InvalidOperationException();
    }

    private static async Task<double> TimeAsync(Func<Task<int>> work)
    {
        var begun = Stopwatch.GetTimestamp();
        return await work() > 0
            ? Stopwatch.GetElapsedTime(begun).TotalMilliseconds
            : throw new InvalidOperationException();
    }
}
