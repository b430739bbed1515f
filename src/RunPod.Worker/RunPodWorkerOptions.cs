using Microsoft.Extensions.Logging;

namespace RunPod.Worker;

/// <summary>Everything a worker knows about the platform it serves, and its own limits. Immutable.</summary>
public sealed partial record RunPodWorkerOptions
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

    /// <summary>The machine's name (<c>RUNPOD_POD_HOSTNAME</c>), told in errors with full details; may be null.</summary>
    public string? PodHostname { get; init; }

    /// <summary>The endpoint (<c>RUNPOD_ENDPOINT_ID</c>); where set, RunPod reads the logs and wants them as JSON.</summary>
    public string? EndpointId { get; init; }

    /// <summary>Fills <c>$RUNPOD_GPU_TYPE_ID</c> in URL templates (<c>RUNPOD_GPU_TYPE_ID</c>).</summary>
    public string? GpuTypeId { get; init; }

    /// <summary>Named in the user agent as <c>Integration/…</c> (<c>RUNPOD_UA_INTEGRATION</c>); may be null.</summary>
    public string? Integration { get; init; }

    /// <summary>
    /// The least level to log (<c>RUNPOD_LOG_LEVEL</c>, then <c>RUNPOD_DEBUG_LEVEL</c>). Default: information.
    /// </summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>
    /// Where log lines go; null: to standard output in RunPod's format, or to standard error for a job that is run
    /// locally. Default: null.
    /// </summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The flags of the command line. Default: none given.</summary>
    public WorkerFlags Flags { get; init; } = new();

    /// <summary>
    /// Whether SIGTERM and Ctrl+C ask the worker to stop, and Ctrl+C after that ends the process at once. Switch it off where
    /// the program or a host listens to signals itself. Default: true.
    /// </summary>
    public bool StopsOnSignals { get; init; } = true;

    /// <summary>How many jobs run at once. Default: 1.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>
    /// Asked before every take how many jobs shall run at once from now on, given how many do so far; runs on the thread
    /// pool and should be quick. An answer under 1 counts as 1, and when it throws, the number stays. Default: null.
    /// </summary>
    public Func<int, int>? ConcurrencyModifier { get; init; }

    /// <summary>
    /// Whether the worker serves one job and is then replaced by a fresh one; see also
    /// <see cref="JobContext.RequestRefresh"/>. Default: false.
    /// </summary>
    public bool RefreshWorker { get; init; }

    /// <summary>
    /// Whether the result of a stream repeats all its pieces, so that <c>/run</c> and <c>/runsync</c> see them. Default:
    /// false.
    /// </summary>
    public bool AggregateStreams { get; init; }

    /// <summary>What clients are told of exceptions that handlers did not mean for them. Default: everything.</summary>
    public JobErrorDetails ErrorDetails { get; init; } = JobErrorDetails.Full;

    /// <summary>What must hold before the first job is taken.</summary>
    public FitnessOptions Fitness { get; init; } = new();

    /// <summary>What may be downloaded for jobs.</summary>
    public DownloadOptions Downloads { get; init; } = new();

    /// <summary>A job that runs longer is cancelled and fails. Default: none.</summary>
    public TimeSpan? JobTimeout { get; init; }

    /// <summary>How long running jobs may go on after the worker was asked to stop. Default: 10 minutes.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a handler may take to return after its token was cancelled, before its job is answered without it.
    /// Default: 5 s.
    /// </summary>
    public TimeSpan CancellationGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How much longer such a handler may keep its slot before the worker drains its other jobs and ends with code 1, to
    /// be replaced. Default: 30 s.
    /// </summary>
    public TimeSpan StuckHandlerGrace { get; init; } = TimeSpan.FromSeconds(30);

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

    /// <summary>The options without the key, which must not reach a log.</summary>
    public override string ToString() =>
        $"{nameof(RunPodWorkerOptions)} {{ {nameof(TakeUrl)} = {TakeUrl}, {nameof(WorkerId)} = {WorkerId}, "
        + $"{nameof(EndpointId)} = {EndpointId}, {nameof(Concurrency)} = {Concurrency} }}";
}
