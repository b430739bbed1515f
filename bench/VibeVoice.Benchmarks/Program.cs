using System.CommandLine;
using Testing;
using VibeVoice.Benchmarks.Measuring;
using VibeVoice.Benchmarks.Scenarios;

var program = new Option<FileInfo>("--program")
{
    Description = "The published program to measure. [default: artifacts/publish/vibevoice/vibevoice]",
    DefaultValueFactory = _ => new FileInfo(Repository.PathOf("artifacts", "publish", "vibevoice", "vibevoice")),
};
var against = new Option<FileInfo?>("--against")
{
    Description = "Another published program, measured in turns with the first: before and after in one run.",
};
var only = new Option<string?>("--only")
{
    Description = "One of overhead, http, load, hotpath, start, memory, queue, engine. [default: all]",
};
var echoWorker = new Option<FileInfo>("--echo-worker")
{
    Description = "The published sample worker. [default: artifacts/publish/echo-worker/EchoWorker]",
    DefaultValueFactory = _ => new FileInfo(Repository.PathOf("artifacts", "publish", "echo-worker", "EchoWorker")),
};
var echoAgainst = new Option<FileInfo?>("--echo-against") { Description = "Another sample worker, measured in turns." };
program.AcceptExistingOnly();

var root = new RootCommand("Measures what the program costs around the synthesizer, and how fast the model speaks.")
{
    program,
    against,
    only,
    echoWorker,
    echoAgainst,
};
root.SetAction(
    async (result, cancellationToken) =>
    {
        var programs = new Programs(result.GetValue(program)!.FullName, result.GetValue(against)?.FullName);
        var echo = new Programs(result.GetValue(echoWorker)!.FullName, result.GetValue(echoAgainst)?.FullName);
        string? plot = null;
        var scenarios = new Dictionary<string, Func<CancellationToken, Task<Table>>>(StringComparer.Ordinal)
        {
            ["overhead"] = Overhead.MeasureAsync,
            ["http"] = HttpOverhead.MeasureAsync,
            ["load"] = HttpLoad.MeasureAsync,
            ["hotpath"] = HotPath.MeasureAsync,
            ["start"] = token => StartUp.MeasureAsync(programs, token),
            ["memory"] = token => Memory.MeasureAsync(programs, token),
            ["queue"] = token => QueueWorker.MeasureAsync(echo, token),
            ["engine"] = async token =>
            {
                (var table, plot) = await EngineSpeed.MeasureAsync(programs, token);
                return table;
            },
        };
        var machine = await Machine.DescribeAsync(cancellationToken);
        var report = new Report(machine, TimeProvider.System.GetLocalNow());
        Console.WriteLine(report.Head);
        var chosen = result.GetValue(only);
        foreach (var (name, measureAsync) in scenarios)
        {
            if (chosen is null || chosen == name)
            {
                var table = await measureAsync(cancellationToken);
                report.Add(table);
                Console.WriteLine(table);
            }
        }

        // Only a whole run of the published programs is a record; everything else is an experiment.
        if (chosen is null && programs.Against is null && echo.Against is null)
        {
            Console.WriteLine($"Written to {report.Save(Repository.PathOf("docs", "benchmarks"), plot)}");
        }

        // A missed aim is shown and is no failure: it may be the machine that was busy.
        return 0;
    }
);
return await root.Parse(args).InvokeAsync();
