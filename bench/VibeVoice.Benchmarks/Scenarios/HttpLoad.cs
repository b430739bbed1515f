using System.Globalization;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;
using Testing;
using Testing.Http;
using Testing.Programs;
using VibeVoice.Benchmarks.Measuring;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>Many connections at once, many requests after each other, and what they leave behind.</summary>
internal static partial class HttpLoad
{
    private const int Connections = 200;
    private const int Slots = 4;
    private const int RequestsEach = 20;
    private const int Requests = 10_000;
    private const string Pcm = """{"input": "Ten seconds of speech.", "response_format": "pcm"}""";
    private const string Mp3 = """{"input": "Ten seconds of speech.", "response_format": "mp3"}""";

    public static async Task<Table> MeasureAsync(CancellationToken cancellationToken)
    {
        var table = new Table(
            "Load on the HTTP server",
            "",
            $"Server and clients in one process, {Slots} slots, a queue of 16. {Connections} connections send {RequestsEach} requests "
                + "each as fast as they are answered, to an engine that takes 40 ms; 10,000 requests, one in fifty of them for mp3, are sent by "
                + "4 connections to one that takes no time. Memory is the process's resident memory, before and after."
        );
        await AddCrowdAsync(table, cancellationToken);
        await AddLongRunAsync(table, cancellationToken);
        await AddWrkAsync(table, cancellationToken);
        return table;
    }

    private static async Task AddCrowdAsync(Table table, CancellationToken cancellationToken)
    {
        var engine = new ReadySynthesizer { Delay = TimeSpan.FromMilliseconds(40) };
        await using var server = await BenchServer.StartAsync(engine, Slots, cancellationToken);
        await Load.RunAsync(server.Speech, Pcm, Slots, 50, cancellationToken);
        var before = Megabytes();
        var load = await Load.RunAsync(server.Speech, Pcm, Connections, RequestsEach, cancellationToken);
        table.Add($"{Connections} connections: served", One(load.Served));
        table.Add("- answered 429, with Retry-After", One(load.Refused - load.Untold.Count));
        table.Add(
            "- lost, or answered with anything else",
            One((Connections * RequestsEach) - load.Served - load.Refused + load.Untold.Count),
            aim: 0.5
        );
        table.Add("- MB gained", One(Megabytes() - before), aim: 200);
    }

    private static async Task AddLongRunAsync(Table table, CancellationToken cancellationToken)
    {
        await using var server = await BenchServer.StartAsync(new ReadySynthesizer(), Slots, cancellationToken);
        await RunMixedAsync(server.Speech, 1000, cancellationToken);
        await SettleAsync(cancellationToken);
        var (handles, files, memory) = (Handles(), Files(), Megabytes());
        var served = await RunMixedAsync(server.Speech, Requests, cancellationToken);
        await SettleAsync(cancellationToken);
        table.Add("10,000 requests: served", One(served), least: Requests);
        table.Add("- processes left", One(ProcessTable.DescendantsOf(Environment.ProcessId).Count), aim: 0.5);
        table.Add("- handles left", One(Handles() - handles), aim: 0.5);
        table.Add("- temporary files left", One(Files() - files), aim: 0.5);
        table.Add("- MB gained", One(Megabytes() - memory), aim: 50);
    }

    private static async Task<int> RunMixedAsync(Uri url, int requests, CancellationToken cancellationToken)
    {
        var encoded = await Load.RunAsync(url, Mp3, Slots, requests / 50 / Slots, cancellationToken);
        var rest = (requests - (requests / 50 / Slots * Slots)) / Slots;
        return encoded.Served + (await Load.RunAsync(url, Pcm, Slots, rest, cancellationToken)).Served;
    }

    /// <summary>wrk, which is written in C and takes little of the cores, where it is installed.</summary>
    private static async Task AddWrkAsync(Table table, CancellationToken cancellationToken)
    {
        await using var server = await BenchServer.StartAsync(
            new ReadySynthesizer { Frames = 2 },
            64,
            cancellationToken
        );
        try
        {
            var script = Repository.PathOf("bench", "wrk", "speech.lua");
            string[] arguments = ["-t1", "-c32", "-d5s", "--latency", "-s", script, server.Speech.AbsoluteUri];
            await Cli.Wrap("wrk").WithArguments(arguments).ExecuteBufferedAsync(cancellationToken);
            var result = await Cli.Wrap("wrk").WithArguments(arguments).ExecuteBufferedAsync(cancellationToken);
            var text = result.StandardOutput;
            table.Add("wrk, 32 connections, 2 frames of pcm: requests/s", One(Number(Rate(), text)));
            table.Add("- p50, ms", One(Milliseconds(Half().Match(text))));
            table.Add("- p99, ms", One(Milliseconds(Most().Match(text))));
            table.Add("- errors", One(text.Contains("Socket errors") || text.Contains("Non-2xx") ? 1 : 0), aim: 0.5);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            await Console.Error.WriteLineAsync(
                "wrk is not installed ('eng/setup.sh bench' installs it where it is packaged): its rows are left out."
            );
        }
    }

    /// <summary>Idle connections of clients that are gone are closed by then.</summary>
    private static async Task SettleAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static Sample One(double value) => new([value]);

    private static double Megabytes() => ResidentMemory.NowMegabytes(Environment.ProcessId);

    private static int Handles() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    private static int Files() => Directory.EnumerateFileSystemEntries(Path.GetTempPath()).Count();

    private static double Number(Regex pattern, string text) =>
        double.Parse(pattern.Match(text).Groups["number"].Value, CultureInfo.InvariantCulture);

    private static double Milliseconds(Match match) =>
        double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture)
        * (
            match.Groups["unit"].Value switch
            {
                "us" => 0.001,
                "s" => 1000,
                _ => 1,
            }
        );

    [GeneratedRegex(@"Requests/sec:\s+(?<number>[\d.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();

    [GeneratedRegex(@"50%\s+(?<number>[\d.]+)(?<unit>us|ms|s)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Half();

    [GeneratedRegex(@"99%\s+(?<number>[\d.]+)(?<unit>us|ms|s)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Most();
}
