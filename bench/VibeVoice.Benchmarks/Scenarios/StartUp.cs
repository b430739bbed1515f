using VibeVoice.Benchmarks.Measuring;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>From the start of a process to the first byte that somebody waits for.</summary>
internal static class StartUp
{
    private const int Runs = 15;
    private const int WarmUps = 2;

    public static async Task<Table> MeasureAsync(Programs programs, CancellationToken cancellationToken)
    {
        (string Name, double? Aim, Func<string, Task<double>> MeasureAsync)[] figures =
        [
            ("speak to mp3, first byte", 500, program => SpeakAsync(program, "mp3", cancellationToken)),
            ("speak to wav, first byte", 500, program => SpeakAsync(program, "wav", cancellationToken)),
            ("worker, 'Ready to speak'", null, program => WorkerAsync(program, cancellationToken)),
            ("--version, whole run", null, program => VersionAsync(program, cancellationToken)),
        ];
        string[] all = programs.Against is null ? [programs.Measured] : [programs.Measured, programs.Against];
        var measures = figures.SelectMany(figure =>
            all.Select<string, Func<Task<double>>>(program => () => figure.MeasureAsync(program))
        );
        var samples = await Sample.InTurnsAsync(Runs, WarmUps, [.. measures]);
        var table = new Table(
            "Start-up with the preview voice",
            "ms",
            $"The published program as a new process, until the first byte arrives through a pipe. {Runs} runs in turns."
        );
        for (var i = 0; i < figures.Length; i++)
        {
            var against = all.Length == 1 ? null : samples[(i * all.Length) + 1];
            table.Add(figures[i].Name, samples[i * all.Length], figures[i].Aim, against);
        }

        return table;
    }

    private static async Task<double> SpeakAsync(string program, string format, CancellationToken cancellationToken)
    {
        using var process = MeasuredProcess.Start(
            program,
            ["speak", "Hello there, this is a short sentence.", "--output", "-", "--format", format]
        );
        await process.Output.ReadExactlyAsync(new byte[1], cancellationToken);
        var milliseconds = process.Milliseconds;
        await process.Output.CopyToAsync(Stream.Null, cancellationToken);
        await process.WaitForSuccessAsync(cancellationToken);
        return milliseconds;
    }

    /// <summary>A worker on a queue that does not answer: port 9 of this machine. It is ended once it is ready.</summary>
    private static async Task<double> WorkerAsync(string program, CancellationToken cancellationToken)
    {
        const string queue = "http://127.0.0.1:9/";
        using var process = MeasuredProcess.Start(
            program,
            ["worker"],
            ("RUNPOD_WEBHOOK_GET_JOB", queue),
            ("RUNPOD_WEBHOOK_POST_OUTPUT", queue)
        );
        using var lines = new StreamReader(process.Output);
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Contains("Ready to speak", StringComparison.Ordinal))
            {
                return process.Milliseconds;
            }
        }

        throw new InvalidOperationException("The worker ended before it was ready.");
    }

    private static async Task<double> VersionAsync(string program, CancellationToken cancellationToken)
    {
        using var process = MeasuredProcess.Start(program, ["--version"]);
        await process.Output.CopyToAsync(Stream.Null, cancellationToken);
        await process.WaitForSuccessAsync(cancellationToken);
        return process.Milliseconds;
    }
}
