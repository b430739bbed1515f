namespace VibeVoice.Server.Delivery;

/// <summary>A bucket that a job brings along: RunPod's <c>s3Config</c>.</summary>
/// <param name="AccessId">Access key.</param>
/// <param name="AccessSecret">Secret key.</param>
/// <param name="BucketName">Bucket; may be empty where the endpoint names it.</param>
/// <param name="EndpointUrl">Address of the S3 service.</param>
/// <param name="ObjectPath">Folder of the object; the worker's own key layout where it is not given.</param>
internal sealed record JobBucket(
    string AccessId,
    string AccessSecret,
    string BucketName,
    Uri EndpointUrl,
    string? ObjectPath = null
)
{
    /// <summary>Without the keys.</summary>
    public override string ToString() => $"bucket '{BucketName}' at '{EndpointUrl.Host}'";
}
