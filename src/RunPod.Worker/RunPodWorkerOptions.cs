using System.Globalization;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Logging;

namespace RunPod.Worker;

/// <summary>Everything a worker knows about the platform it serves, and its own limits.</summary>
public sealed record RunPodWorkerOptions
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    /// <summary>Template of the URL that hands out jobs (<c>RUNPOD_WEBHOOK_GET_JOB</c>); null when not on RunPod.</summary>
    public string? TakeUrl { get; init; }

    /// <summary>Template of the URL that takes results (<c>RUNPOD_WEBHOOK_POST_OUTPUT</c>).</summary>
    public string? ResultUrl { get; init; }

    /// <summary>Template of the URL that takes pieces of streams (<c>RUNPOD_WEBHOOK_POST_STREAM</c>); may be null.</summary>
    public string? StreamUrl { get; init; }

    /// <summary>Template of the URL of the heartbeat (<c>RUNPOD_WEBHOOK_PING</c>); null: no heartbeat.</summary>
    public string? PingUrl { get; init; }

    /// <summary>Time from one heartbeat to the next (<c>RUNPOD_PING_INTERVAL</c>, milliseconds). Default: 10 s.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Sent as it is in the <c>Authorization</c> header (<c>RUNPOD_AI_API_KEY</c>).</summary>
    public string? ApiKey { get; init; }

    /// <summary>This worker's name in every URL (<c>RUNPOD_POD_ID</c>); null: a random one, and no heartbeat.</summary>
    public string? WorkerId { get; init; }

    /// <summary>The endpoint (<c>RUNPOD_ENDPOINT_ID</c>); where set, RunPod reads the logs and wants them as JSON.</summary>
    public string? EndpointId { get; init; }

    /// <summary>Fills <c>$RUNPOD_GPU_TYPE_ID</c> in URL templates (<c>RUNPOD_GPU_TYPE_ID</c>).</summary>
    public string? GpuTypeId { get; init; }

    /// <summary>
    /// The least level to log (<c>RUNPOD_LOG_LEVEL</c>, then <c>RUNPOD_DEBUG_LEVEL</c>). Default: information.
    /// </summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>How many jobs run at once. Default: 1.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>A job that runs longer is cancelled and fails. Default: none.</summary>
    public TimeSpan? JobTimeout { get; init; }

    /// <summary>How long running jobs may go on after the worker was asked to stop. Default: 10 minutes.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a handler may take to return after its token was cancelled, before its job is answered without it.
    /// Default: 5 s.
    /// </summary>
    public TimeSpan CancellationGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a post that fails for a passing reason is tried again. Default: 5 minutes.</summary>
    public TimeSpan PostRetryBudget { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The least time between two progress updates of a job. Default: 0.5 s.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The clock. The heartbeat alone keeps to the machine's own.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Whether there is a queue to serve; without one, jobs can only be run locally.</summary>
    public bool HasQueue => !string.IsNullOrWhiteSpace(TakeUrl);

    /// <summary>Values of the environment that were not understood, a sentence each; logged at the start.</summary>
    internal IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Reads the variables that RunPod sets in a worker's container.</summary>
    public static RunPodWorkerOptions FromEnvironment(IReadOnlyDictionary<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return FromEnvironment(environment.GetValueOrDefault);
    }

    /// <summary>Reads the variables that RunPod sets in a worker's container.</summary>
    /// <param name="variable">Gives the value of a variable, or null when it is not set.</param>
    public static RunPodWorkerOptions FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var defaults = new RunPodWorkerOptions();
        var warnings = new List<string>();
        return defaults with
        {
            TakeUrl = Read("RUNPOD_WEBHOOK_GET_JOB"),
            ResultUrl = Read("RUNPOD_WEBHOOK_POST_OUTPUT"),
            StreamUrl = Read("RUNPOD_WEBHOOK_POST_STREAM"),
            PingUrl = Read("RUNPOD_WEBHOOK_PING"),
            PingInterval = ReadPingInterval() ?? defaults.PingInterval,
            ApiKey = Read("RUNPOD_AI_API_KEY"),
            WorkerId = Read("RUNPOD_POD_ID"),
            EndpointId = Read("RUNPOD_ENDPOINT_ID"),
            GpuTypeId = Read("RUNPOD_GPU_TYPE_ID"),
            LogLevel = ReadLogLevel("RUNPOD_LOG_LEVEL") ?? ReadLogLevel("RUNPOD_DEBUG_LEVEL") ?? defaults.LogLevel,
            Warnings = warnings,
        };

        string? Read(string name) => variable(name)?.Trim() is { Length: > 0 } text ? text : null;

        // The platform sets these two, not a person: a strange value is worth a warning, not a dead worker.
        TimeSpan? ReadPingInterval()
        {
            if (Read("RUNPOD_PING_INTERVAL") is not { } text)
            {
                return null;
            }

            if (
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
                && milliseconds is >= 100 and <= 600_000
            )
            {
                return TimeSpan.FromMilliseconds(milliseconds);
            }

            warnings.Add(
                $"RUNPOD_PING_INTERVAL is '{text}', but must be milliseconds from 100 to 600000; the heartbeat keeps to "
                    + $"{defaults.PingInterval.TotalMilliseconds} ms."
            );
            return null;
        }

        LogLevel? ReadLogLevel(string name)
        {
            if (Read(name) is not { } text)
            {
                return null;
            }

            if (RunPodLogLevel.TryParse(text, out var level))
            {
                return level;
            }

            warnings.Add($"{name} is '{text}', but must be one of {RunPodLogLevel.Names}; it is ignored.");
            return null;
        }
    }

    /// <summary>The options without the key, which must not reach a log.</summary>
    public override string ToString() =>
        $"{nameof(RunPodWorkerOptions)} {{ {nameof(TakeUrl)} = {TakeUrl}, {nameof(WorkerId)} = {WorkerId}, "
        + $"{nameof(EndpointId)} = {EndpointId}, {nameof(Concurrency)} = {Concurrency} }}";

    /// <summary>
    /// What keeps a queue worker from working with these options, a sentence each; empty when all is well. Ask before
    /// loading what takes long.
    /// </summary>
    public IReadOnlyList<string> FindProblems()
    {
        var problems = new List<string>();
        CheckUrl("RUNPOD_WEBHOOK_GET_JOB", TakeUrl, isRequired: true);
        CheckUrl("RUNPOD_WEBHOOK_POST_OUTPUT", ResultUrl, isRequired: true);
        CheckUrl("RUNPOD_WEBHOOK_POST_STREAM", StreamUrl, isRequired: false);
        CheckUrl("RUNPOD_WEBHOOK_PING", PingUrl, isRequired: false);
        Check(Concurrency >= 1, $"Concurrency is {Concurrency}, but must be 1 or more.");
        Check(
            JobTimeout is null || (JobTimeout > TimeSpan.Zero && JobTimeout <= LongestTimer),
            $"JobTimeout is {JobTimeout}, but must be positive and at most {LongestTimer.TotalDays} days."
        );
        Check(PingInterval > TimeSpan.Zero, $"PingInterval is {PingInterval}, but must be positive.");
        Check(
            DrainTimeout >= TimeSpan.Zero && DrainTimeout <= LongestTimer,
            $"DrainTimeout is {DrainTimeout}, but must be between zero and {LongestTimer.TotalDays} days."
        );
        Check(
            CancellationGrace >= TimeSpan.Zero,
            $"CancellationGrace is {CancellationGrace}, but must not be negative."
        );
        Check(PostRetryBudget >= TimeSpan.Zero, $"PostRetryBudget is {PostRetryBudget}, but must not be negative.");
        Check(ProgressInterval >= TimeSpan.Zero, $"ProgressInterval is {ProgressInterval}, but must not be negative.");
        Check(
            ApiKey is null || ApiKey.All(c => c is >= ' ' and <= '~'),
            "RUNPOD_AI_API_KEY holds characters that no HTTP header can carry; printable ASCII is expected."
        );
        return problems;

        void Check(bool isGood, string problem)
        {
            if (!isGood)
            {
                problems.Add(problem);
            }
        }

        void CheckUrl(string name, string? url, bool isRequired)
        {
            if (string.IsNullOrWhiteSpace(url))
            {
                Check(!isRequired, $"{name} is not set; RunPod sets it in every queue worker.");
                return;
            }

            Check(
                Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https",
                $"{name} is '{url}', but must be an absolute http or https URL."
            );
        }
    }

    /// <summary>Checks what a queue worker needs.</summary>
    /// <exception cref="ArgumentException">One or more options cannot work; a sentence each.</exception>
    internal void Validate(string parameterName)
    {
        if (FindProblems() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(' ', problems), parameterName);
        }
    }
}
