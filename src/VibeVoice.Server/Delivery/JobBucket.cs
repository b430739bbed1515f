namespace VibeVoice.Server.Delivery;

/// <summary>A bucket that a job brings along, RunPod's <c>s3Config</c>, as it came; null where it says nothing.</summary>
/// <param name="AccessId">Access key.</param>
/// <param name="AccessSecret">Secret key.</param>
/// <param name="BucketName">Bucket; may be left out where the endpoint names it.</param>
/// <param name="EndpointUrl">Address of the S3 service.</param>
/// <param name="ObjectPath">Folder of the object; the worker's own key layout where it is not given.</param>
internal sealed record JobBucket(
    string? AccessId,
    string? AccessSecret,
    string? BucketName,
    string? EndpointUrl,
    string? ObjectPath = null
)
{
    /// <summary>Without the keys, and without the URL: one may stand in the other.</summary>
    public override string ToString() => $"bucket '{BucketName}'";
}
