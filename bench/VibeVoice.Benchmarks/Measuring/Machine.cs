using System.Globalization;
using System.Runtime.InteropServices;
using CliWrap;
using CliWrap.Buffered;

namespace VibeVoice.Benchmarks.Measuring;

/// <summary>What the figures were measured on; without it they say little.</summary>
/// <param name="Load">Processes that wanted a core in the last minute, before anything was measured.</param>
internal sealed record Machine(
    string Processor,
    int Cores,
    string Runtime,
    string System,
    string Ffmpeg,
    string Espeak,
    double Load
)
{
    /// <summary>Names the file of results: "amd-epyc-2-cores".</summary>
    public string ShortName =>
        string.Join('-', $"{Processor} {Cores} cores".ToLowerInvariant().Split([' ', '(', ')', '@', '/', '.'], Parts));

    private static StringSplitOptions Parts => StringSplitOptions.RemoveEmptyEntries;

    public static async Task<Machine> DescribeAsync(CancellationToken cancellationToken)
    {
        var ffmpeg = await FirstLineAsync("ffmpeg", "-version", cancellationToken);
        var espeak = await FirstLineAsync("espeak-ng", "--version", cancellationToken);
        var load = await File.ReadAllTextAsync("/proc/loadavg", cancellationToken);
        return new Machine(
            ProcessorName(),
            Environment.ProcessorCount,
            RuntimeInformation.FrameworkDescription,
            RuntimeInformation.OSDescription,
            ffmpeg.Split(' ')[2],
            espeak.Split(' ').First(word => char.IsAsciiDigit(word.FirstOrDefault())),
            double.Parse(load.Split(' ')[0], CultureInfo.InvariantCulture)
        );
    }

    private static string ProcessorName() =>
        File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':')[1]
            .Trim()
        ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static async Task<string> FirstLineAsync(string program, string question, CancellationToken token) =>
        (await Cli.Wrap(program).WithArguments(question).ExecuteBufferedAsync(token)).StandardOutput.Split('\n')[0];
}
