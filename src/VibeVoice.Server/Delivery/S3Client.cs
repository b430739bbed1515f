using System.Globalization;
using System.Web;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace VibeVoice.Server.Delivery;

/// <summary>The SDK's client, set up so that stores other than Amazon's accept what it sends.</summary>
internal static class S3Client
{
    // Of one attempt, sending included: five megabytes at 350 kbit/s.
    private static readonly TimeSpan _attemptTimeout = TimeSpan.FromMinutes(2);

    // Long enough for a clock that is days behind, short enough for one that is days ahead.
    private static readonly TimeSpan _probeLife = TimeSpan.FromDays(3);

    public static AmazonS3Client Create(S3Target target)
    {
        AWSCredentials credentials = target.SessionToken is { } token
            ? new SessionAWSCredentials(target.AccessKeyId, target.SecretAccessKey, token)
            : new BasicAWSCredentials(target.AccessKeyId, target.SecretAccessKey);
        return new AmazonS3Client(
            credentials,
            new AmazonS3Config
            {
                ServiceURL = target.ServiceUrl.AbsoluteUri,
                // What AWS's own variables say about endpoints is not meant for this bucket.
                IgnoreConfiguredEndpointUrls = true,
                UseFIPSEndpoint = false,
                UseDualstackEndpoint = false,
                AuthenticationRegion = target.Region,
                ForcePathStyle = target.PathStyle,
                // Backblaze and R2 refuse the checksums that the SDK adds by default.
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
                RetryMode = RequestRetryMode.Standard,
                MaxErrorRetry = 3,
                Timeout = _attemptTimeout,
                HttpClientFactory = SharedHttpClient.Instance,
            }
        );
    }

    /// <summary>A URL that reads one object without keys, and the moment it stops to.</summary>
    public static (string Url, DateTimeOffset ExpiresAt) Presign(AmazonS3Client client, S3Target target, string key)
    {
        // The SDK dates signatures by one clock and counts their life by another: each is corrected by the dates of
        // refusals, one by those of objects, one by those of the bucket. A count over seven days silently signs in a
        // way that stores no longer accept. So a first signature tells what the count comes to.
        var roughly = TimeProvider.System.GetUtcNow() + _probeLife;
        var (_, counted) = ReadTimes(Sign(client, target, key, roughly));
        var url = Sign(client, target, key, roughly + (target.PresignLife - counted));
        var (signedAt, life) = ReadTimes(url);
        return (url, signedAt + life);
    }

    private static string Sign(AmazonS3Client client, S3Target target, string key, DateTimeOffset expiresAt) =>
        client.GetPreSignedURL(
            new GetPreSignedUrlRequest
            {
                BucketName = target.Bucket,
                Key = key,
                Verb = HttpVerb.GET,
                Expires = expiresAt.UtcDateTime,
                // Not taken from the service's address.
                Protocol = target.UsesHttp ? Protocol.HTTP : Protocol.HTTPS,
            }
        );

    private static (DateTimeOffset SignedAt, TimeSpan Life) ReadTimes(string url)
    {
        var query = HttpUtility.ParseQueryString(new Uri(url).Query);
        var signedAt = DateTimeOffset.ParseExact(
            query["X-Amz-Date"]!,
            "yyyyMMdd'T'HHmmss'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal
        );
        return (signedAt, TimeSpan.FromSeconds(long.Parse(query["X-Amz-Expires"]!, CultureInfo.InvariantCulture)));
    }

    /// <summary>
    /// One connection pool for all buckets. Connections are short-lived: a frozen and thawed worker must not trust
    /// those it had.
    /// </summary>
    private sealed class SharedHttpClient : HttpClientFactory
    {
        public static readonly SharedHttpClient Instance = new();

        private static readonly HttpClient _client = new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                ConnectTimeout = TimeSpan.FromSeconds(10),
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                UseCookies = false,
            }
        )
        {
            Timeout = _attemptTimeout,
        };

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
