using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Testing.RunPod;

/// <summary>
/// The queue side of RunPod Serverless on a free local port, with real sockets: it hands out jobs and stop signals, takes
/// results, writes down every request, and misbehaves as told. Start a worker with <see cref="Environment"/>, then
/// <see cref="Enqueue"/> a job and await <see cref="ResultOf"/>. Thread-safe.
/// </summary>
public sealed partial class FakeRunPod : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<RecordedRequest> _requests = [];
    private readonly List<RecordedRequest> _accepted = [];
    private readonly HashSet<RecordedRequest> _answered = new(ReferenceEqualityComparer.Instance);
    private readonly int[] _counts = new int[Enum.GetValues<RunPodRoute>().Length];
    private readonly List<(string Body, bool IsWholeAnswer)> _queue = [];
    private readonly List<string> _stopSignals = [];
    private readonly Dictionary<RunPodRoute, Queue<Fault>> _faults = [];
    private readonly Dictionary<RunPodRoute, Fault> _standingFaults = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly WebApplication _application;
    private volatile bool _isOut;
    private int _madeUp;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FakeRunPod(WebApplication application) => _application = application;

    /// <summary>How long polls for jobs and signals are held when there is nothing. Default: 0.3 s.</summary>
    public TimeSpan Hold { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Results over this size are refused with 400, as the real platform does. Default: 20 MB.</summary>
    public int LargestResultBytes { get; set; } = 20_000_000;

    /// <summary>
    /// Whether requests are written down. Without it they are only counted, and nothing that asks for them later works:
    /// for measuring, where the platform must not be what is slow. Default: true.
    /// </summary>
    public bool IsRecording { get; set; } = true;

    /// <summary>The input of jobs that are made up whenever the queue is empty; null: it stays empty. Default: null.</summary>
    public string? EndlessInput { get; set; }

    /// <summary>Time since this fake started, as in <see cref="RecordedRequest.At"/>.</summary>
    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>The worker's id in <see cref="Environment"/>.</summary>
    public string WorkerId { get; init; } = "pod-1";

    /// <summary>The key in <see cref="Environment"/>; not checked, see the recorded headers.</summary>
    public string ApiKey { get; init; } = "rpa_FAKE";

    /// <summary>The base of all URLs, without a slash at its end.</summary>
    public string Address => _application.Urls.First();

    /// <summary>Every request so far, in the order of arrival.</summary>
    public IReadOnlyList<RecordedRequest> Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>Starts on a free port.</summary>
    public static async Task<FakeRunPod> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Listen(IPAddress.Loopback, 0);
            options.Limits.MaxRequestBodySize = null;
        });
        var application = builder.Build();
        var fake = new FakeRunPod(application);
        application.Run(fake.HandleAsync);
        await application.StartAsync();
        return fake;
    }

    /// <summary>The variables that the platform sets in a worker's container.</summary>
    /// <param name="hasStream">Whether pieces of streams have somewhere to go.</param>
    /// <param name="endpointId">The endpoint's id; with one, logs are JSON.</param>
    /// <param name="pingIntervalMilliseconds">Time between heartbeats.</param>
    public IReadOnlyDictionary<string, string?> Environment(
        bool hasStream = true,
        string? endpointId = null,
        int pingIntervalMilliseconds = 10_000
    ) =>
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["RUNPOD_WEBHOOK_GET_JOB"] = $"{Address}/v2/fake/job-take/$ID?gpu=NVIDIA+RTX+A5000",
            ["RUNPOD_WEBHOOK_POST_OUTPUT"] = $"{Address}/v2/fake/job-done/$RUNPOD_POD_ID/$ID?gpu=NVIDIA+RTX+A5000",
            ["RUNPOD_WEBHOOK_POST_STREAM"] = hasStream
                ? $"{Address}/v2/fake/job-stream/$RUNPOD_POD_ID/$ID?gpu=NVIDIA+RTX+A5000"
                : null,
            ["RUNPOD_WEBHOOK_PING"] = $"{Address}/v2/fake/ping/$RUNPOD_POD_ID",
            ["RUNPOD_PING_INTERVAL"] = $"{pingIntervalMilliseconds}",
            ["RUNPOD_AI_API_KEY"] = ApiKey,
            ["RUNPOD_POD_ID"] = WorkerId,
            ["RUNPOD_ENDPOINT_ID"] = endpointId,
        };

    /// <summary>Queues a job.</summary>
    /// <param name="jobId">Its id.</param>
    /// <param name="inputJson">Its input, as JSON.</param>
    public void Enqueue(string jobId, string inputJson = "{}") =>
        Change(() =>
            _queue.Add(
                (
                    new JsonObject { ["id"] = jobId, ["input"] = JsonNode.Parse(inputJson) }.ToJsonString(),
                    IsWholeAnswer: false
                )
            )
        );

    /// <summary>Queues a text that one take gets as its whole answer, with the content type of JSON.</summary>
    public void EnqueueRaw(string answer) => Change(() => _queue.Add((answer, IsWholeAnswer: true)));

    /// <summary>Tells the worker that the clients of these jobs gave them up.</summary>
    public void Stop(params string[] jobIds) => Change(() => _stopSignals.AddRange(jobIds));

    /// <summary>The next requests to a route meet these faults, one each; those after them are served well.</summary>
    public void FaultNext(RunPodRoute route, params Fault[] faults) =>
        Change(() =>
        {
            var queue = _faults.TryGetValue(route, out var known) ? known : _faults[route] = new Queue<Fault>();
            foreach (var fault in faults)
            {
                queue.Enqueue(fault);
            }
        });

    /// <summary>Every request to a route meets this fault, until it is taken back with null.</summary>
    public void FaultAlways(RunPodRoute route, Fault? fault) =>
        Change(() =>
        {
            _standingFaults.Remove(route);
            if (fault is not null)
            {
                _standingFaults[route] = fault;
            }
        });

    /// <summary>
    /// Whether the platform is gone: open polls are cut, and every request is counted and hung up on.
    /// </summary>
    public bool IsOut
    {
        get => _isOut;
        set => Change(() => _isOut = value);
    }

    /// <summary>Whether a post was accepted and its sender was told so: from then on there must be no other.</summary>
    public bool HasAnswered(RecordedRequest post)
    {
        lock (_gate)
        {
            return _answered.Contains(post);
        }
    }

    /// <summary>How many requests to a route there were.</summary>
    public int CountOf(RunPodRoute route) => Volatile.Read(ref _counts[(int)route]);

    /// <summary>The requests to one route so far.</summary>
    public IReadOnlyList<RecordedRequest> RequestsTo(RunPodRoute route) => [.. Requests.Where(r => r.Route == route)];

    /// <summary>The results that were accepted for a job; more than one is a fault of the worker.</summary>
    public IReadOnlyList<JsonElement> ResultsOf(string jobId) => Accepted(RunPodRoute.Result, jobId, isProgress: false);

    /// <summary>The progress updates that were accepted for a job.</summary>
    public IReadOnlyList<JsonElement> ProgressOf(string jobId) => Accepted(RunPodRoute.Result, jobId, isProgress: true);

    /// <summary>The pieces of a stream that were accepted for a job, each as it was posted.</summary>
    public IReadOnlyList<JsonElement> PiecesOf(string jobId) => Accepted(RunPodRoute.Stream, jobId, isProgress: false);

    /// <summary>Waits for a job's result: <c>{"output": …}</c> or <c>{"error": "…"}</c>.</summary>
    public async Task<JsonElement> ResultOf(string jobId, TimeSpan? within = null)
    {
        await WaitForAsync(() => ResultsOf(jobId).Count > 0, $"the result of '{jobId}'", within);
        return ResultsOf(jobId)[0];
    }

    /// <summary>Waits until a condition holds; fails with the name of what was waited for.</summary>
    public static async Task WaitForAsync(Func<bool> condition, string what, TimeSpan? within = null)
    {
        var limit = within ?? Patience;
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            if (waited.Elapsed > limit)
            {
                throw new TimeoutException($"Waited {limit.TotalSeconds} s for {what}, in vain.");
            }

            await Task.Delay(5);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _application.DisposeAsync();
        _closing.Dispose();
    }

    private List<JsonElement> Accepted(RunPodRoute route, string jobId, bool isProgress)
    {
        lock (_gate)
        {
            return
            [
                .. _accepted
                    .Where(r =>
                        r.Route == route
                        && string.Equals(r.JobId, jobId, StringComparison.Ordinal)
                        && r.IsProgress == isProgress
                    )
                    .Select(r => r.Json),
            ];
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
