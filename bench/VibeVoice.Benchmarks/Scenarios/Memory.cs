using VibeVoice.Benchmarks.Measuring;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>What the program holds while long audio streams through it.</summary>
internal sealed class Memory
{
    private const string Sentence =
        "The quick brown fox jumps over the lazy dog near the river bank, and nobody saw it. ";

    /// <summary>About ten minutes of espeak-ng.</summary>
    private const int TenMinutes = 10_000;

    /// <summary>The slow reader takes this much each time, and no more than 20 times a second.</summary>
    private const int SlowReadBytes = 16 * 1024;

    private static readonly TimeSpan SlowReadPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Then it has seen enough, and closes the pipe.</summary>
    private static readonly TimeSpan SlowReading = TimeSpan.FromSeconds(8);

    private readonly Table _table = new(
        "Memory while audio streams",
        "MB",
        $"Resident memory of the published `speak` (VmHWM, and medians of its first and last third), looked at every 20 "
            + $"ms; {TenMinutes} characters are ten minutes of speech. The slow reader takes 0.3 MB/s from standard output "
            + $"for {SlowReading.TotalSeconds:0} s, where 29 MB would be ready in two; then it closes the pipe."
    );

    public static async Task<Table> MeasureAsync(Programs programs, CancellationToken cancellationToken)
    {
        var memory = new Memory();
        await memory.AddAsync("10 minutes to mp3", programs, p => ToFileAsync(p, "mp3", 1, cancellationToken));
        await memory.AddAsync("10 minutes to wav", programs, p => ToFileAsync(p, "wav", 1, cancellationToken));
        await memory.AddAsync("60 minutes to wav", programs, p => ToFileAsync(p, "wav", 6, cancellationToken));
        await memory.AddAsync("10 minutes to a slow reader, wav", programs, p => SlowlyAsync(p, cancellationToken));
        return memory._table;
    }

    private async Task AddAsync(string name, Programs programs, Func<string, Task<ResidentMemory>> watchAsync)
    {
        var now = await watchAsync(programs.Measured);
        var other = programs.Against is null ? null : await watchAsync(programs.Against);
        Add($"{name}, peak", memory => memory.PeakMegabytes, aim: 150);
        Add("- first third", memory => memory.FirstThirdMegabytes);
        Add("- last third", memory => memory.LastThirdMegabytes);
        Add("- its children, peak", memory => memory.ChildrenPeakMegabytes);

        void Add(string row, Func<ResidentMemory, double> value, double? aim = null) =>
            _table.Add(row, new Sample([value(now)]), aim, other is null ? null : new Sample([value(other)]));
    }

    private static async Task<ResidentMemory> ToFileAsync(
        string program,
        string format,
        int times,
        CancellationToken cancellationToken
    )
    {
        var folder = Directory.CreateTempSubdirectory("vibevoice-bench-");
        try
        {
            using var process = Speak(program, Path.Combine(folder.FullName, $"long.{format}"), times);
            var memory = await ResidentMemory.WatchAsync(process, cancellationToken);
            await process.WaitForSuccessAsync(cancellationToken);
            return memory;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<ResidentMemory> SlowlyAsync(string program, CancellationToken cancellationToken)
    {
        using var process = Speak(program, "-", times: 1, "--format", "wav");
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(SlowReading);
        var watching = ResidentMemory.WatchAsync(process, enough.Token);
        var buffer = new byte[SlowReadBytes];
        while (!enough.IsCancellationRequested)
        {
            await process.Output.ReadExactlyAsync(buffer, cancellationToken);
            await Task.Delay(SlowReadPause, cancellationToken);
        }

        var memory = await watching;
        await process.Output.DisposeAsync();
        await process.WaitForSuccessAsync(cancellationToken);
        return memory;
    }

    private static MeasuredProcess Speak(string program, string output, int times, params string[] more)
    {
        var count = times * TenMinutes / Sentence.Length;
        var text = string.Concat(Enumerable.Repeat(Sentence, count));
        return MeasuredProcess.Start(
            program,
            ["speak", text, "--output", output, "--quiet", .. more],
            ("MAX_TEXT_CHARACTERS", "1000000")
        );
    }
}
