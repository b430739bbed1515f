using System.Text.Json;
using Testing;
using VibeVoice.Benchmarks.Measuring;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>How fast the model speaks: <c>vibevoice bench</c> on a synthetic checkpoint of the published sizes.</summary>
internal static class EngineSpeed
{
    private const int Runs = 3;
    private const int Frames = 60;
    private const int Streams = 4;
    private const int FramesOfStream = 20;
    private const int LongFrames = 500;

    public static async Task<Table> MeasureAsync(Programs programs, CancellationToken cancellationToken)
    {
        var checkpoint = await PrepareAsync(programs.Measured, cancellationToken);
        var table = new Table(
            "The engine",
            "float32",
            "`vibevoice bench` on a synthetic checkpoint of the published sizes: computed weights, 5 diffusion steps, all "
                + $"cores. One stream of {Frames} frames, {Runs} runs; {Streams} streams of {FramesOfStream} frames at once; one "
                + $"of {LongFrames} frames. A frame is 133 ms of audio. Not the numbers of this machine but of one like it: the "
                + "PyTorch reference has a real-time factor of 5.7, 600 ms to first audio, 20 s to load (26.5 s with its "
                + "imports) and 5,600 MB."
        );
        var now = await RunAllAsync(programs.Measured, checkpoint, cancellationToken);
        var before = programs.Against is null
            ? null
            : await RunAllAsync(programs.Against, checkpoint, cancellationToken);
        Add("real-time factor, one stream", runs => runs.Alone, run => Number(run, "real_time_factor"), aim: 1.5);
        Add("- sampler, ms per frame", runs => runs.Alone, run => Part(run, "sampler"));
        Add("- decoder, ms per frame", runs => runs.Alone, run => Part(run, "decoder"));
        Add("- speech step, ms per frame", runs => runs.Alone, run => Part(run, "speech_step"));
        Add("- text, ms per frame", runs => runs.Alone, run => Part(run, "text"));
        Add("- total, ms per frame", runs => runs.Alone, run => Part(run, "total"));
        Add("first audio, warm model, ms", runs => runs.Alone, run => Number(run, "first_audio_ms"));
        Add("load, ms", runs => runs.Alone, run => Number(run, "load_ms"));
        Add("peak memory, MB", runs => runs.Alone, run => Number(run, "peak_rss_mb"));
        Add("- of it pages of the mapped checkpoint, MB", runs => runs.Alone, run => Number(run, "file_backed_mb"));
        Add("allocated per frame, bytes", runs => runs.Alone, run => Number(run, "allocated_bytes_per_frame"));
        Add($"{Streams} streams, wall time over audio", runs => runs.AtOnce, run => Number(run, "real_time_factor"));
        Add($"{LongFrames} frames, real-time factor", runs => runs.Long, run => Number(run, "real_time_factor"));
        Add("- a frame after them over one before", runs => runs.Long, run => Number(run, "late_over_early"));
        Add("- memory growth, MB", runs => runs.Long, run => Number(run, "memory_growth_mb"));
        return table;

        void Add(
            string name,
            Func<Results, IReadOnlyList<JsonElement>> runs,
            Func<JsonElement, double> figure,
            double? aim = null
        ) =>
            table.Add(
                name,
                new Sample(runs(now).Select(figure)),
                aim,
                before is null ? null : new Sample(runs(before).Select(figure))
            );
    }

    private static double Number(JsonElement run, string key) => run.GetProperty(key).GetDouble();

    private static double Part(JsonElement run, string part) => Number(run.GetProperty("ms_per_frame"), part);

    /// <summary>The checkpoint, made once: 1.8 GB. The program publishes it whole, and checks the room before.</summary>
    private static async Task<string> PrepareAsync(string program, CancellationToken cancellationToken)
    {
        var folder = Repository.PathOf("artifacts", "synthetic-checkpoint");
        if (!File.Exists(Path.Combine(folder, "config.json")))
        {
            var config = Repository.PathOf("tests", "VibeVoice.Tests", "golden", "full", "config.json");
            await RunAsync(
                program,
                ["dev", "synthetic-checkpoint", "--config", config, "--out", folder, "--end-bias", "-50"],
                cancellationToken
            );
        }

        return folder;
    }

    private static async Task<Results> RunAllAsync(
        string program,
        string checkpoint,
        CancellationToken cancellationToken
    )
    {
        // A published voice where there is one; the synthetic one is as long.
        var voice = Repository.PathOf("..", "shared", "voices", "en-Mike_man.pt");
        string[] common = ["bench", "--json", "--model", checkpoint];
        common = File.Exists(voice) ? [.. common, "--voice", voice] : common;
        var alone = new List<JsonElement>();
        for (var run = 0; run < Runs; run++)
        {
            alone.Add(await BenchAsync("--frames", $"{Frames}"));
        }

        return new Results(
            alone,
            [await BenchAsync("--frames", $"{FramesOfStream}", "--streams", $"{Streams}")],
            [await BenchAsync("--frames", $"{LongFrames}")]
        );

        async Task<JsonElement> BenchAsync(params string[] more) =>
            JsonElement.Parse(await RunAsync(program, [.. common, .. more], cancellationToken));
    }

    private static async Task<string> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = MeasuredProcess.Start(program, arguments);
        using var reader = new StreamReader(process.Output);
        var text = await reader.ReadToEndAsync(cancellationToken);
        await process.WaitForSuccessAsync(cancellationToken);
        return text;
    }

    private sealed record Results(
        IReadOnlyList<JsonElement> Alone,
        IReadOnlyList<JsonElement> AtOnce,
        IReadOnlyList<JsonElement> Long
    );
}
