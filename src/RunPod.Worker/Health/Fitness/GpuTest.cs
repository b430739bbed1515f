using System.Globalization;
using System.Text.RegularExpressions;

namespace RunPod.Worker.Health.Fitness;

/// <summary>
/// The verdict of a program that tests GPUs, read as RunPod's own client reads its helper. There, a helper that finds a
/// broken GPU is overruled by a list that has it; here it is not.
/// </summary>
internal static partial class GpuTest
{
    private static readonly string[] BadWords = ["failed", "error", "cannot", "unable"];

    /// <summary>Runs the program; null when the GPUs are well, else what is wrong.</summary>
    /// <exception cref="TimeoutException">It does not end in time.</exception>
    public static async Task<string?> FindProblemAsync(string program, TimeSpan limit) =>
        await GpuTool.RunAsync(program, limit).ConfigureAwait(false) is var (exitCode, output)
            ? FindProblem(exitCode, output) is { } problem
                ? $"The GPU test '{program}' {problem}."
                : null
            : $"The GPU test '{program}' cannot be started; see RUNPOD_BINARY_GPU_TEST_PATH.";

    public static string? FindProblem(int exitCode, string output)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (Array.Find(lines, line => Array.Exists(BadWords, word => Contains(line, word))) is { } bad)
        {
            return $"says: {bad}";
        }

        if (exitCode != 0)
        {
            return $"ended with code {exitCode}";
        }

        var passes = lines.Count(line => Contains(line, "test passed"));
        return
            Found.Match(output) is { Success: true } match
            && int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) is var found
            && (found == 0 || passes != found)
            ? $"found {found} GPU(s), of which {passes} passed"
            : null;
    }

    private static bool Contains(string line, string word) => line.Contains(word, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"Found (?<count>\d{1,4}) GPU", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Found { get; }
}
