using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RunPod.Worker.Emulator;

/// <summary>Where the emulator listens, and how the endpoint it plays behaves. The defaults are RunPod's, where known.</summary>
public sealed record RunPodEmulatorOptions
{
    /// <summary>The longest time that RunPod lets a job live or run.</summary>
    internal static readonly TimeSpan LongestJob = TimeSpan.FromDays(7);

    /// <summary>
    /// The address to listen on: <c>localhost</c>, or an IP address (<c>0.0.0.0</c> lets other machines in).
    /// Default: <c>localhost</c>.
    /// </summary>
    public string Host { get; init; } = "localhost";

    /// <summary>The port to listen on, 0 to 65535; 0 takes a free one. Default: 0.</summary>
    public int Port { get; init; }

    /// <summary>
    /// The endpoint's name in the URLs that the emulator gives out. Requests may use any other: there is one queue.
    /// Default: <c>local</c>.
    /// </summary>
    public string EndpointId { get; init; } = "local";

    /// <summary>
    /// Keys that clients must send; others are answered with 401. Default: none, and every request is welcome, with a key
    /// or without.
    /// </summary>
    public IReadOnlyCollection<string> ApiKeys { get; init; } = [];

    /// <summary>
    /// The key that workers get, and must send where <see cref="ApiKeys"/> has any. Default: <c>local</c>.
    /// </summary>
    public string WorkerApiKey { get; init; } = "local";

    /// <summary>The time between two heartbeats that workers are told to keep, 0.1 to 60 s. Default: 4 s.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// A job that no heartbeat has named for so long is lost, 0.1 s to 1 h. A worker whose connections have broken, and
    /// that misses three heartbeats, has lost its jobs sooner. Default: 40 s.
    /// </summary>
    public TimeSpan JobLostAfter { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>How often a lost job is handed out again before it fails, 0 to 100. Default: 1.</summary>
    public int MaxRetries { get; init; } = 1;

    /// <summary>
    /// How long a request for a job, a stop signal or a piece of a stream is held while there is none, 0 to 80 s.
    /// Default: 10 s.
    /// </summary>
    public TimeSpan PollHold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a job may run that names no <c>executionTimeout</c>, up to 7 days. Default: 10 minutes.</summary>
    public TimeSpan ExecutionTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a job may live that names no <c>ttl</c>, up to 7 days. Default: 24 hours.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long the result of a job from <c>/run</c> is kept, 1 s to 7 days. Default: 30 minutes.</summary>
    public TimeSpan ResultRetention { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How long the result of a job from <c>/runsync</c> is kept, 1 s to 7 days, unless its <c>wait</c> is longer.
    /// Default: 1 minute.
    /// </summary>
    public TimeSpan SyncResultRetention { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether clients meet RunPod's limits of requests in 10 s, and 429. Default: false.</summary>
    public bool HasRateLimits { get; init; }

    /// <summary>The clock that all of these times go by.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>What keeps the emulator from working with these options, a sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> FindProblems()
    {
        var problems = new List<string>();
        Check(
            Host is "localhost" || IPAddress.TryParse(Host, out _),
            $"Host is '{Host}', but must be 'localhost' or an IP address."
        );
        Check(Port is >= 0 and <= 65_535, $"Port is {Port}, but must be from 0 to 65535.");
        Check(
            EndpointId.Length > 0 && EndpointId.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'),
            $"EndpointId is '{EndpointId}', but must be letters, digits, '-' and '_'."
        );
        Check(
            WorkerApiKey.Length > 0 && WorkerApiKey.All(c => c is > ' ' and <= '~'),
            "WorkerApiKey must be printable ASCII without spaces."
        );
        Check(MaxRetries is >= 0 and <= 100, $"MaxRetries is {MaxRetries}, but must be from 0 to 100.");
        CheckTime(HeartbeatInterval, nameof(HeartbeatInterval), 0.1, 60);
        CheckTime(JobLostAfter, nameof(JobLostAfter), 0.1, 3600);
        // Workers hang up after 90 s.
        CheckTime(PollHold, nameof(PollHold), 0, 80);
        CheckTime(ExecutionTimeout, nameof(ExecutionTimeout), 0.001, LongestJob.TotalSeconds);
        CheckTime(TimeToLive, nameof(TimeToLive), 0.001, LongestJob.TotalSeconds);
        CheckTime(ResultRetention, nameof(ResultRetention), 1, LongestJob.TotalSeconds);
        CheckTime(SyncResultRetention, nameof(SyncResultRetention), 1, LongestJob.TotalSeconds);
        return problems;

        void Check(bool isGood, string problem)
        {
            if (!isGood)
            {
                problems.Add(problem);
            }
        }

        void CheckTime(TimeSpan time, string name, double leastSeconds, double mostSeconds) =>
            Check(
                time.TotalSeconds >= leastSeconds && time.TotalSeconds <= mostSeconds,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} is {time.TotalSeconds} s, but must be from {leastSeconds} to {mostSeconds} s."
                )
            );
    }

    /// <summary>The base URL; the port must not be 0.</summary>
    internal string BaseUrl()
    {
        // Nobody can connect to the address that means 'all addresses'.
        var host = IPAddress.TryParse(Host, out var address) switch
        {
            false => Host,
            _ when address!.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) => "localhost",
            _ => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}",
        };
        return string.Create(CultureInfo.InvariantCulture, $"http://{host}:{Port}/v2");
    }

    /// <summary>The options without the keys, which must not reach a log.</summary>
    public override string ToString() =>
        $"{nameof(RunPodEmulatorOptions)} {{ {nameof(Host)} = {Host}, {nameof(Port)} = {Port}, "
        + $"{nameof(EndpointId)} = {EndpointId} }}";
}
