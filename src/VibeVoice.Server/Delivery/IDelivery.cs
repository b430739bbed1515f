using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Delivery;

/// <summary>Takes an encoded file while it is being made and puts it where the caller can get it.</summary>
internal interface IDelivery
{
    /// <summary>Whether the beginning of the file may be completed after its end is known.</summary>
    bool HeadCanBeCompleted { get; }

    /// <summary>Receives all pieces of one file.</summary>
    /// <exception cref="SpeechFailedException">It cannot be delivered; nothing is left behind.</exception>
    Task<DeliveredAudio> DeliverAsync(DeliveryRequest request, EncodedAudio audio, CancellationToken cancellationToken);

    /// <summary>Takes back what <see cref="DeliverAsync"/> left, for a job that failed or was cancelled after it.</summary>
    Task DiscardAsync(DeliveredAudio delivered, CancellationToken cancellationToken);
}

/// <summary>What a delivery must know about the file.</summary>
/// <param name="JobId">Names the object; any characters, made safe by the delivery.</param>
/// <param name="Format">Extension and media type.</param>
/// <param name="Labels">Facts to keep with the object where the store can: engine, voice, "ai-generated".</param>
internal sealed record DeliveryRequest(string JobId, AudioFormat Format, IReadOnlyDictionary<string, string> Labels);

/// <summary>Where the file went: a URL or base64, never both.</summary>
internal sealed record DeliveredAudio
{
    public string? AudioUrl { get; init; }

    public string? AudioBase64 { get; init; }

    /// <summary>Size of the encoded file.</summary>
    public required long Bytes { get; init; }

    public string? Bucket { get; init; }

    public string? Key { get; init; }

    /// <summary>Version of the object, where the bucket keeps versions: discarding needs it.</summary>
    public string? VersionId { get; init; }

    /// <summary>When <see cref="AudioUrl"/> stops working.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What the caller should know, in whole sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
