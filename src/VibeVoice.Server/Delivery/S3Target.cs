using System.Text.RegularExpressions;
using Amazon;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Delivery;

/// <summary>A bucket, where it is, and how it is written to: what the settings or a job come to.</summary>
internal sealed partial record S3Target
{
    /// <summary>Temporary credentials end, and every URL they signed with them: 12 hours at the longest.</summary>
    private static readonly TimeSpan _sessionLife = TimeSpan.FromHours(12);

    public required Uri ServiceUrl { get; init; }

    public required string Region { get; init; }

    public required string Bucket { get; init; }

    public required string AccessKeyId { get; init; }

    public required string SecretAccessKey { get; init; }

    public string? SessionToken { get; init; }

    /// <summary>Whether the bucket is written into the path of requests: always so for endpoints that were given.</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>Beginning of every key of ours, <c>a/b</c>, never empty.</summary>
    public required string Prefix { get; init; }

    /// <summary>The job's own folder, in place of <see cref="Prefix"/> and the date.</summary>
    public string? ObjectPath { get; init; }

    /// <summary>Life of presigned URLs; the end of temporary credentials is taken into account.</summary>
    public required TimeSpan PresignLife { get; init; }

    public bool UsesHttp => ServiceUrl.Scheme is "http";

    /// <summary>Reads the worker's own bucket; null where none is set.</summary>
    /// <exception cref="SettingsException">Something is missing or wrong; one sentence for each.</exception>
    public static S3Target? FromOptions(DeliveryOptions options)
    {
        var bucketName = Text(options.BucketName);
        if (bucketName is null && options.BucketEndpointUrl is null)
        {
            return null;
        }

        var problems = new List<string>();
        var settingsRegion = Text(options.AwsRegion) ?? Text(options.BucketRegion);
        var endpoint =
            options.BucketEndpointUrl is { } url ? ReadEndpoint("BUCKET_ENDPOINT_URL", url, bucketName, problems)
            : settingsRegion is null
                ? Missing(
                    "BUCKET_ENDPOINT_URL is not set; it must be the address of the S3 service (or set AWS_REGION to a region of Amazon's)."
                )
            : AmazonEndpoint(settingsRegion)
                ?? Missing(
                    $"BUCKET_ENDPOINT_URL is not set, and region '{settingsRegion}' is not one of Amazon's; set the address of the S3 service."
                );
        var bucket = ReadBucket("BUCKET_NAME", "BUCKET_ENDPOINT_URL", bucketName, endpoint, problems);
        var (accessKeyId, secretAccessKey, sessionToken) = ReadKeys(options, problems);
        if (!S3Folder.TryNormalise("S3_PREFIX", options.S3Prefix, out var prefix, out var problem))
        {
            problems.Add(problem);
        }

        if (problems.Count > 0)
        {
            throw new SettingsException(problems);
        }

        var life = TimeSpan.FromSeconds(options.PresignSeconds);
        return new S3Target
        {
            ServiceUrl = endpoint!.ServiceUrl,
            Region = settingsRegion ?? endpoint.Region,
            Bucket = bucket!,
            AccessKeyId = accessKeyId!,
            SecretAccessKey = secretAccessKey!,
            SessionToken = sessionToken,
            PathStyle = options.BucketEndpointUrl is not null,
            Prefix = prefix!,
            PresignLife = sessionToken is not null && life > _sessionLife ? _sessionLife : life,
        };

        S3Endpoint? Missing(string sentence)
        {
            problems.Add(sentence);
            return null;
        }
    }

    /// <summary>Reads the bucket that a job brings along; prefix and life of URLs stay the worker's.</summary>
    /// <exception cref="JobRejectedException">Something is missing or wrong; one sentence for each.</exception>
    public static S3Target FromJobConfig(JobBucket job, DeliveryOptions options)
    {
        const string EndpointName = "'s3Config.endpointUrl'";
        var problems = new List<string>();
        var bucketName = Text(job.BucketName);
        S3Endpoint? endpoint = null;
        if (Text(job.EndpointUrl) is not { } address)
        {
            Require(EndpointName, null, "the https address of the S3 service", problems);
        }
        else if (!Uri.TryCreate(address, UriKind.Absolute, out var url))
        {
            // Not quoted: a password or a signature may stand in it.
            problems.Add($"{EndpointName} is not a URL, but must be like 'https://s3.eu-central-1.amazonaws.com'.");
        }
        else if (url.Scheme is "http" && !options.S3ConfigAllowHttp)
        {
            problems.Add($"{EndpointName} uses http, but must use https; only S3_CONFIG_ALLOW_HTTP allows http.");
        }
        else
        {
            endpoint = ReadEndpoint(EndpointName, url, bucketName, problems);
        }

        var bucket = ReadBucket("'s3Config.bucketName'", EndpointName, bucketName, endpoint, problems);
        Require("'s3Config.accessId'", job.AccessId, "the access key of the bucket", problems);
        Require("'s3Config.accessSecret'", job.AccessSecret, "the secret key of the bucket", problems);
        if (!S3Folder.TryNormalise("S3_PREFIX", options.S3Prefix, out var prefix, out var problem))
        {
            throw new SettingsException(problem);
        }

        string? objectPath = null;
        if (
            Text(job.ObjectPath) is { } path
            && !S3Folder.TryNormalise("'s3Config.objectPath'", path, out objectPath, out problem)
        )
        {
            problems.Add(problem);
        }

        return problems.Count > 0
            ? throw new JobRejectedException(problems)
            : new S3Target
            {
                ServiceUrl = endpoint!.ServiceUrl,
                Region = endpoint.Region,
                Bucket = bucket!,
                AccessKeyId = job.AccessId!.Trim(),
                SecretAccessKey = job.AccessSecret!.Trim(),
                Prefix = prefix,
                ObjectPath = objectPath,
                PresignLife = TimeSpan.FromSeconds(options.PresignSeconds),
            };
    }

    /// <summary>Without the keys.</summary>
    public override string ToString() => $"bucket '{Bucket}' at '{ServiceUrl.Authority}' (region {Region})";

    private static S3Endpoint? ReadEndpoint(string name, Uri url, string? bucketName, List<string> problems)
    {
        if (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            problems.Add($"{name} must be an absolute http or https URL.");
            return null;
        }

        // The URL is not quoted here: a password or a signature may stand in it.
        if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            problems.Add($"{name} must be an address without user, query or fragment, such as 'https://{url.Host}'.");
            return null;
        }

        return S3Endpoint.Parse(url, bucketName);
    }

    private static S3Endpoint? AmazonEndpoint(string region) =>
        RegionEndpoint.EnumerableAllRegions.FirstOrDefault(known =>
            string.Equals(known.SystemName, region, StringComparison.Ordinal)
        )
            is { } known
            ? new S3Endpoint(new Uri($"https://s3.{region}.{known.PartitionDnsSuffix}"), null, region)
            : null;

    private static string? ReadBucket(
        string name,
        string endpointName,
        string? bucketName,
        S3Endpoint? endpoint,
        List<string> problems
    )
    {
        var bucket = bucketName ?? endpoint?.Bucket;
        if (bucket is null)
        {
            problems.Add($"{name} is not set; it must be the name of the bucket.");
        }
        else if (!BucketName().IsMatch(bucket) || bucket.Contains("..", StringComparison.Ordinal))
        {
            problems.Add($"{name} is '{bucket}', but a bucket's name has 3 to 255 letters, digits, '.', '-' and '_'.");
        }
        else if (endpoint?.Bucket is { } written && !string.Equals(written, bucket, StringComparison.OrdinalIgnoreCase))
        {
            problems.Add($"{name} is '{bucket}', but {endpointName} names the bucket '{written}'; set one of the two.");
        }

        return bucket;
    }

    /// <summary>Keys come in pairs: a key of one pair with the secret of the other would only be refused later.</summary>
    private static (string?, string?, string?) ReadKeys(DeliveryOptions options, List<string> problems)
    {
        var (key, secret) = (Text(options.BucketAccessKeyId), Text(options.BucketSecretAccessKey));
        if (key is not null || secret is not null)
        {
            Require("BUCKET_ACCESS_KEY_ID", key, "the access key that belongs to BUCKET_SECRET_ACCESS_KEY", problems);
            Require(
                "BUCKET_SECRET_ACCESS_KEY",
                secret,
                "the secret key that belongs to BUCKET_ACCESS_KEY_ID",
                problems
            );
            return (key, secret, null);
        }

        (key, secret) = (Text(options.AwsAccessKeyId), Text(options.AwsSecretAccessKey));
        Require("AWS_ACCESS_KEY_ID", key, "the access key of the bucket", problems);
        Require("AWS_SECRET_ACCESS_KEY", secret, "the secret key of the bucket", problems);
        return (key, secret, Text(options.AwsSessionToken));
    }

    private static void Require(string name, string? value, string meaning, List<string> problems)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            problems.Add($"{name} is not set; it must be {meaning}.");
        }
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    [GeneratedRegex(
        "^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex BucketName();
}
