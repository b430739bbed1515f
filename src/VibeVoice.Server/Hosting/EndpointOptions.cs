using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Hosting;

/// <summary>Which kind of RunPod endpoint this container serves; the bootstrap script reads the same variable.</summary>
internal sealed record EndpointOptions
{
    [Setting(
        "ENDPOINT_TYPE",
        "What `runpod_bootstrap.sh` starts: the worker of a `queue` endpoint, or the HTTP server of an `lb` (load balancing) endpoint."
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
