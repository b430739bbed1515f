namespace VibeVoice.Server.Delivery;

/// <summary>What an upload may have left in the bucket so far, whatever came of it.</summary>
internal sealed class S3Traces
{
    /// <summary>Whether a multipart upload was begun; its id may never have arrived.</summary>
    public bool UploadMayExist { get; set; }

    public string? UploadId { get; set; }

    /// <summary>Whether the object may have been made, though no answer said so.</summary>
    public bool ObjectMayExist { get; set; }

    /// <summary>The version that was written, where the bucket keeps versions.</summary>
    public string? VersionId { get; set; }

    /// <summary>
    /// Whether the store said no in the end. Says nothing about the attempts before the last: one may have succeeded, and
    /// its answer been lost.
    /// </summary>
    public bool WasRefused { get; set; }

    /// <summary>Takes away what may be there. Never throws; what stays behind is logged.</summary>
    public async Task RemoveAsync(S3Leftovers leftovers, string key, CancellationToken cancellationToken)
    {
        if (UploadMayExist)
        {
            await leftovers.AbortAsync(key, UploadId, WasRefused, cancellationToken);
        }

        if (ObjectMayExist)
        {
            await leftovers.DeleteAsync(key, VersionId, WasRefused, cancellationToken);
        }
    }
}
