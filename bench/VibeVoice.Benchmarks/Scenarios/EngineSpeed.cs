using System.Text.Json;
using Testing;
using VibeVoice.Benchmarks.Measuring;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>How fast the model speaks: <c>vibevoice bench</c> on a synthetic checkpoint of the published sizes.</summary>
internal static class EngineSpeed
{
    private const int Runs = 3;
    private const int Frames = 60;
    private const int FramesOfStream = 40;
    private const int LongFrames = 2000;
    private static readonly int[] _streams = [1, 2, 4, 8];

    public static async Task<(Table Table, string Plot)> MeasureAsync(
        Programs programs,
        CancellationToken cancellationToken
    )
    {
        var checkpoint = await PrepareAsync(programs.Measured, cancellationToken);
        var table = new Table(
            "The engine",
            "8-bit weights unless said",
            "`vibevoice bench` on a synthetic checkpoint of the published sizes: computed weights, 5 diffusion steps, all "
                + $"cores. One stream of {Frames} frames, {Runs} runs; streams of {FramesOfStream} frames at once; one of "
                + $"{LongFrames} frames. A frame is 133 ms of audio. Not the numbers of this machine but of one like it: the "
                + "PyTorch reference has a real-time factor of 5.7, 600 ms to first audio, 20 s to load (26.5 s with its "
                + "imports) and 5,600 MB; the ggml port 4.6 at 8 bits."
        );
        var now = await RunAllAsync(programs.Measured, checkpoint, cancellationToken);
        var before = programs.Against is null
            ? null
            : await RunAllAsync(programs.Against, checkpoint, cancellationToken);
        Add("real-time factor, one stream", runs => runs.Alone, run => Number(run, "real_time_factor"), aim: 0.5);
        Add("- sampler, ms per frame", runs => runs.Alone, run => Part(run, "sampler"));
        Add("- decoder, ms per frame", runs => runs.Alone, run => Part(run, "decoder"));
        Add("- speech step, ms per frame", runs => runs.Alone, run => Part(run, "speech_step"));
        Add("- - decoder beside it, in both, ms per frame", runs => runs.Alone, run => Part(run, "at_once"));
        Add("- text, ms per frame", runs => runs.Alone, run => Part(run, "text"));
        Add("- total, ms per frame", runs => runs.Alone, run => Part(run, "total"));
        Add("float32, real-time factor", runs => runs.Exact, run => Number(run, "real_time_factor"), aim: 1.3);
        Add("first audio, warm model, ms", runs => runs.Alone, run => Number(run, "first_audio_ms"), aim: 300);
        AddSample("process start to first audio, compiled weights there, ms", runs => runs.Starts, aim: 3000);
        Add("first compile, s", runs => [runs.First], run => Number(run, "load_ms") / 1000, aim: 60);
        Add("- peak memory of it, MB", runs => [runs.First], run => Number(run, "peak_rss_mb"), aim: 3000);
        Add("load, compiled weights there, ms", runs => runs.Alone, run => Number(run, "load_ms"));
        Add("memory without pages of files, MB", runs => runs.Alone, Own, aim: 1400);
        Add("- pages of mapped files, MB", runs => runs.Alone, run => Number(run, "file_backed_mb"));
        Add(
            "allocated per frame, bytes",
            runs => runs.Alone,
            run => Number(run, "allocated_bytes_per_frame"),
            aim: 10_000
        );
        for (var i = 0; i < _streams.Length; i++)
        {
            var place = i;
            Add(
                $"{_streams[i]} streams, wall time over audio",
                runs => [runs.AtOnce[place]],
                run => Number(run, "real_time_factor"),
                aim: _streams[i] == 4 ? 0.28 : null
            );
        }

        Add($"{LongFrames} frames, real-time factor", runs => [runs.Long], run => Number(run, "real_time_factor"));
        Add("- a late frame over an early one", runs => [runs.Long], run => Number(run, "late_over_early"), 1.1);
        Add("- memory growth, MB", runs => [runs.Long], run => Number(run, "memory_growth_mb"), aim: 20);
        return (table, Plot(now));

        void Add(
            string name,
            Func<Results, IReadOnlyList<JsonElement>> runs,
            Func<JsonElement, double> figure,
            double? aim = null
        ) => AddSample(name, results => [.. runs(results).Select(figure)], aim);

        void AddSample(string name, Func<Results, IReadOnlyList<double>> figures, double? aim) =>
            table.Add(name, new Sample(figures(now)), aim, before is null ? null : new Sample(figures(before)));
    }

    private static string Plot(Results runs)
    {
        var streams = _streams.Select((count, i) => ((double)count, Number(runs.AtOnce[i], "real_time_factor")));
        var contexts = runs
            .Long.GetProperty("contexts")
            .EnumerateArray()
            .Select(context => (Number(context, "frames"), Number(context, "real_time_factor")));
        return LinePlot.Write(
            "Real-time factor, 8-bit weights, 2 cores or as many as the table says",
            new LinePlot.Panel("streams at once (wall time over all audio)", [.. streams]),
            new LinePlot.Panel("frames of context, one stream", [.. contexts])
        );
    }

    private static double Own(JsonElement run) => Number(run, "peak_rss_mb") - Number(run, "file_backed_mb");

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
        var workspace = Repository.PathOf("artifacts", "bench-workspace");
        Directory.CreateDirectory(workspace);
        Directory.Delete(workspace, recursive: true); // the first load compiles
        var first = await BenchAsync("--frames", "1");
        var starts = new List<double>();
        var alone = new List<JsonElement>();
        var exact = new List<JsonElement>();
        for (var run = 0; run < Runs; run++)
        {
            starts.Add(await StartAsync());
            alone.Add(await BenchAsync("--frames", $"{Frames}"));
            exact.Add(await BenchAsync("--frames", $"{Frames}", "--precision", "float32"));
        }

        var atOnce = new List<JsonElement>();
        foreach (var streams in _streams)
        {
            atOnce.Add(await BenchAsync("--frames", $"{FramesOfStream}", "--streams", $"{streams}"));
        }

        return new Results(first, starts, alone, exact, atOnce, await BenchAsync("--frames", $"{LongFrames}"));

        // Raw samples go to nobody's encoder: the first byte is the first frame's.
        async Task<double> StartAsync()
        {
            string[] speak = ["speak", "Hello there.", "--engine", "vibevoice", "--model", checkpoint];
            using var process = MeasuredProcess.Start(
                program,
                [.. speak, "--voice", "synthetic", "--output", "-", "--format", "pcm"],
                ("VIBEVOICE_WORKSPACE", workspace)
            );
            await process.Output.ReadExactlyAsync(new byte[1], cancellationToken);
            var milliseconds = process.Milliseconds;
            process.Kill();
            return milliseconds;
        }

        async Task<JsonElement> BenchAsync(params string[] more) =>
            JsonElement.Parse(
                await RunAsync(program, [.. common, .. more], cancellationToken, ("VIBEVOICE_WORKSPACE", workspace))
            );
    }

    private static async Task<string> RunAsync(
        string program,
        string[] arguments,
        CancellationToken cancellationToken,
        params (string Name, string Value)[] variables
    )
    {
        using var process = MeasuredProcess.Start(program, arguments, variables);
        using var reader = new StreamReader(process.Output);
        var text = await reader.ReadToEndAsync(cancellationToken);
        await process.WaitForSuccessAsync(cancellationToken);
        return text;
    }

    /// <param name="First">The load that compiles.</param>
    /// <param name="Starts">From a process's start to its first byte of sound, in ms.</param>
    /// <param name="Alone">One stream.</param>
    /// <param name="Exact">One stream in float32.</param>
    /// <param name="AtOnce">So many streams as the list says.</param>
    /// <param name="Long">One long stream.</param>
    private sealed record Results(
        JsonElement First,
        IReadOnlyList<double> Starts,
        IReadOnlyList<JsonElement> Alone,
        IReadOnlyList<JsonElement> Exact,
        IReadOnlyList<JsonElement> AtOnce,
        JsonElement Long
    );
}
