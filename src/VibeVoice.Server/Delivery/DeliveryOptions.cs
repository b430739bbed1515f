using System.ComponentModel.DataAnnotations;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Delivery;

/// <summary>
/// Where answers go. Raw settings as given; <c>S3Target</c> is what they come to. Setting
/// <see cref="BucketName"/> or <see cref="BucketEndpointUrl"/> switches S3 on; credentials alone, common in a
/// developer's shell, do not.
/// </summary>
internal sealed record DeliveryOptions
{
    [Setting("BUCKET_NAME", "Bucket that receives the audio; switches S3 on. Without it answers carry base64.")]
    public string? BucketName { get; init; }

    [Setting(
        "BUCKET_ENDPOINT_URL",
        "Address of the S3 service; switches S3 on. The bucket may stand in its host. May be left out for Amazon where `AWS_REGION` is set."
    )]
    public Uri? BucketEndpointUrl { get; init; }

    [Setting("AWS_ACCESS_KEY_ID", "Access key of the bucket; alone it switches nothing on.")]
    public string? AwsAccessKeyId { get; init; }

    [Setting("AWS_SECRET_ACCESS_KEY", "Secret key of the bucket.")]
    public string? AwsSecretAccessKey { get; init; }

    [Setting("AWS_SESSION_TOKEN", "Token of temporary credentials; caps the life of presigned URLs at 12 hours.")]
    public string? AwsSessionToken { get; init; }

    [Setting("BUCKET_ACCESS_KEY_ID", "RunPod's own name for the access key; with its secret used before `AWS_*`.")]
    public string? BucketAccessKeyId { get; init; }

    [Setting("BUCKET_SECRET_ACCESS_KEY", "RunPod's own name for the secret key.")]
    public string? BucketSecretAccessKey { get; init; }

    [Setting(
        "BUCKET_REGION",
        "Region of the bucket, where its address does not tell it.",
        Default = "from the address"
    )]
    public string? BucketRegion { get; init; }

    [Setting("AWS_REGION", "Region of the bucket, used before `BUCKET_REGION`.", Default = "from the address")]
    public string? AwsRegion { get; init; }

    [Setting("S3_PREFIX", "Beginning of every key; retention deletes under it only.")]
    public string S3Prefix { get; init; } = "vibevoice";

    [Setting("PRESIGN_SECONDS", "Life of presigned URLs, in seconds.")]
    [Range(1, 604_800)]
    public int PresignSeconds { get; init; } = 604_800;

    [Setting(
        "S3_FALLBACK",
        "What to answer when an upload fails for good: `none` fails the job with what S3 said, `base64` answers with the audio itself."
    )]
    public S3Fallback S3Fallback { get; init; }

    [Setting("S3_CONFIG_ALLOW_HTTP", "Whether a job's own `s3Config` may name an http endpoint.")]
    public bool S3ConfigAllowHttp { get; init; }

    [Setting("RETENTION_DAYS", "Age in days after which audio under the prefix is deleted.")]
    [Range(1, 36_500)]
    public int RetentionDays { get; init; } = 7;

    /// <summary>Without the keys: records print every property, and this one may meet a log.</summary>
    public override string ToString() => $"{nameof(DeliveryOptions)} of bucket '{BucketName}'";
}

/// <summary>What to answer when an upload fails for good.</summary>
internal enum S3Fallback
{
    None,
    Base64,
}
