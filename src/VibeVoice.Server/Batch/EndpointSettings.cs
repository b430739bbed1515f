using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Batch;

/// <summary>Where the endpoint API is and who asks, under the names that RunPod's own clients use.</summary>
internal sealed record EndpointSettings
{
    [Setting("RUNPOD_API_KEY", "Key of the account that owns the endpoint, for 'vibevoice batch'.")]
    public string? ApiKey { get; init; }

    [Setting("RUNPOD_ENDPOINT_BASE_URL", "Base of the endpoint API, for 'vibevoice batch'.")]
    public Uri BaseUrl { get; init; } = new("https://api.runpod.ai/v2");

    /// <summary>Without the key: records print every property, and this one may meet a log.</summary>
    public override string ToString() => $"{nameof(EndpointSettings)} of '{BaseUrl.Host}'";
}
