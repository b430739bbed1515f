using System.Globalization;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Logging;

namespace RunPod.Worker;

/// <summary>
/// The flags that every RunPod worker understands. What is not among them is left to the program, in
/// <see cref="Rest"/>. Immutable.
/// </summary>
public sealed record WorkerFlags
{
    /// <summary><c>--test_input JSON</c>: run this one job here, print its result and end; null: not given.</summary>
    public string? TestInput { get; init; }

    /// <summary><c>--rp_log_level LEVEL</c>, which wins over <c>RUNPOD_LOG_LEVEL</c>; null: not given.</summary>
    public LogLevel? LogLevel { get; init; }

    /// <summary><c>--rp_debugger</c>: adds <c>rp_debugger</c> with times and facts to outputs that are objects.</summary>
    public bool IsDebugging { get; init; }

    /// <summary><c>--rp_serve_api</c>: serve the endpoint API on this machine, to try a client against.</summary>
    public bool ServesApi { get; init; }

    /// <summary><c>--rp_api_host HOST</c>: where that API listens. Default: localhost.</summary>
    public string ApiHost { get; init; } = "localhost";

    /// <summary><c>--rp_api_port PORT</c>: its port, 0 to 65535; 0 takes a free one. Default: 8000.</summary>
    public int ApiPort { get; init; } = 8000;

    /// <summary><c>--rp_api_concurrency N</c>: jobs that run at once behind it; null: as many as on a queue.</summary>
    public int? ApiConcurrency { get; init; }

    /// <summary>Arguments that are not a worker's, in their order.</summary>
    public IReadOnlyList<string> Rest { get; init; } = [];

    /// <summary>
    /// Flags whose values cannot work, a sentence each, as <see cref="RunPodWorkerOptions.FindProblems"/> tells them, too.
    /// </summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>Reads a command line: <c>--flag value</c> or <c>--flag=value</c>.</summary>
    /// <param name="arguments">The arguments of the program, without its name.</param>
    public static WorkerFlags Parse(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var flags = new WorkerFlags();
        var rest = new List<string>();
        var problems = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = arguments[i].Split('=', 2) is [var left, var right]
                ? (left, right)
                : (arguments[i], null);
            switch (name)
            {
                case "--rp_debugger":
                    flags = flags with { IsDebugging = true };
                    break;
                case "--rp_serve_api":
                    flags = flags with { ServesApi = true };
                    break;
                case "--test_input" or "--rp_log_level" or "--rp_api_host" or "--rp_api_port" or "--rp_api_concurrency":
                    if (value is null && i + 1 < arguments.Count)
                    {
                        value = arguments[++i];
                    }

                    flags = value is null
                        ? Reject(flags, $"{name} needs a value.")
                        : Read(flags, name, value, problem => problems.Add(problem));
                    break;
                default:
                    rest.Add(arguments[i]);
                    break;
            }
        }

        return flags with
        {
            Rest = rest,
            Problems = problems,
        };

        WorkerFlags Reject(WorkerFlags known, string problem)
        {
            problems.Add(problem);
            return known;
        }
    }

    private static WorkerFlags Read(WorkerFlags flags, string name, string value, Action<string> reject)
    {
        switch (name)
        {
            case "--test_input":
                return flags with { TestInput = value };
            case "--rp_api_host":
                return flags with { ApiHost = value };
            case "--rp_log_level":
                if (RunPodLogLevel.TryParse(value, out var level))
                {
                    return flags with { LogLevel = level };
                }

                reject($"{name} is '{value}', but must be one of {RunPodLogLevel.Names}.");
                return flags;
            case "--rp_api_port":
                if (TryParse(value, 0, 65_535, out var port))
                {
                    return flags with { ApiPort = port };
                }

                reject($"{name} is '{value}', but must be a whole number from 0 to 65535.");
                return flags;
            default:
                if (TryParse(value, 1, int.MaxValue, out var concurrency))
                {
                    return flags with { ApiConcurrency = concurrency };
                }

                reject($"{name} is '{value}', but must be a whole number, 1 or more.");
                return flags;
        }
    }

    private static bool TryParse(string text, int least, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number >= least
        && number <= most;
}
