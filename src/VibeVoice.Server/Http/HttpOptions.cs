using System.ComponentModel.DataAnnotations;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Http;

/// <summary>Process-wide settings of <c>vibevoice serve</c>. How many requests are spoken at once is WORKER_CONCURRENCY.</summary>
internal sealed record HttpOptions
{
    /// <summary>RunPod's own default; ports below 1024 need rights that a container usually has.</summary>
    [Setting("PORT", "Port that `vibevoice serve` listens on, at all addresses.")]
    [Range(0, 65_535)]
    public int Port { get; init; } = 80;

    [Setting(
        "PORT_HEALTH",
        "Port of `/ping` and `/health/…` alone, where it is not that of the rest.",
        Default = "`PORT`"
    )]
    [Range(0, 65_535)]
    public int? PortHealth { get; init; }

    [Setting(
        "HTTP_QUEUE_LENGTH",
        "Requests that may wait while WORKER_CONCURRENCY others are spoken; one more is answered 429."
    )]
    [Range(0, 10_000)]
    public int QueueLength { get; init; } = 16;

    [Setting("HTTP_REQUEST_SECONDS", "Longest time that one request may take, waiting included, in seconds.")]
    [Range(1, 86_400)]
    public int RequestSeconds { get; init; } = 1800;

    [Setting(
        "HTTP_DRAIN_SECONDS",
        "Time that running requests have to end after SIGTERM, in seconds; new ones are refused meanwhile."
    )]
    [Range(0, 3600)]
    public int DrainSeconds { get; init; } = 60;

    [Setting("HTTP_BUFFER_BYTES", "Encoded audio of one request that may wait for its reader, in bytes.")]
    [Range(65_536, 1_073_741_824)]
    public int BufferBytes { get; init; } = 8 * 1024 * 1024;

    [Setting(
        "HTTP_SLOW_READER_SECONDS",
        "A reader that takes less than 64 KiB of waiting audio in this time loses its connection, in seconds."
    )]
    [Range(1, 3600)]
    public int SlowReaderSeconds { get; init; } = 30;

    [Setting("HTTP_MAX_BODY_BYTES", "Largest body of a request, in bytes.")]
    [Range(1024, 31_457_280)]
    public int MaxBodyBytes { get; init; } = 1024 * 1024;

    [Setting(
        "ACCEPT_ANY_MODEL",
        "Whether a request may name any model; `false` answers 404 for one that is not listed."
    )]
    public bool AcceptAnyModel { get; init; } = true;

    [Setting(
        "API_KEYS",
        "Keys that clients must send, separated by commas, a secret; where none is set, everyone may speak."
    )]
    public string? ApiKeys { get; init; }

    [Setting("OPEN_LISTS", "Whether the lists of models and voices need no key.")]
    public bool OpenLists { get; init; }

    [Setting("OPEN_METRICS", "Whether `/metrics` needs no key.")]
    public bool OpenMetrics { get; init; }

    [Setting("OPEN_DOCS", "Whether `/docs` and `/openapi.json` need no key.")]
    public bool OpenDocs { get; init; }

    [Setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "Collector that traces of requests are sent to, OTLP by gRPC; none where it is not set."
    )]
    public Uri? TraceCollector { get; init; }

    [Setting("RATE_LIMIT_PER_MINUTE", "Requests for speech that each key may make in a minute; 0 is no limit.")]
    [Range(0, 1_000_000)]
    public int RateLimitPerMinute { get; init; }

    [Setting(
        "CORS_ORIGINS",
        "Origins whose pages may call this server from a browser, separated by commas, or `*`; none where it is not set. Of pages elsewhere, only these may open a WebSocket."
    )]
    public string? CorsOrigins { get; init; }

    /// <summary>The keys; empty where everyone may speak.</summary>
    public IReadOnlyList<string> Keys => Split(ApiKeys);

    public IReadOnlyList<string> Origins => Split(CorsOrigins);

    private static string[] Split(string? list) =>
        list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
