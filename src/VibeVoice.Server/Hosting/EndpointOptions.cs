using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Hosting;

/// <summary>Which kind of RunPod endpoint this container serves; the bootstrap script reads the same variable.</summary>
internal sealed record EndpointOptions
{
    /// <summary>What there is to say about load balancers so far.</summary>
    public const string NoServer =
        "This version has no HTTP server yet, which load-balancing endpoints need. Make a queue endpoint and set ENDPOINT_TYPE=queue.";

    [Setting(
        "ENDPOINT_TYPE",
        "What `runpod_bootstrap.sh` starts: the worker of a `queue` endpoint; `lb` (load balancing) is refused, since there is no HTTP server yet."
    )]
    public EndpointType Type { get; init; }
}

/// <summary>RunPod's kinds of endpoints.</summary>
internal enum EndpointType
{
    /// <summary>Workers take jobs.</summary>
    Queue,

    /// <summary>Load balancing: requests are passed on to the workers' HTTP servers.</summary>
    Lb,
}
