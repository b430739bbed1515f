using VibeVoice.Server.Delivery;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>Settings and jobs as people write them, and what they come to.</summary>
public sealed class S3TargetTests
{
    private static readonly DeliveryOptions _whole = new()
    {
        BucketName = "audio",
        BucketEndpointUrl = new Uri("https://s3.example.com"),
        AwsAccessKeyId = "AKID",
        AwsSecretAccessKey = "hush",
    };

    [Theory]
    // Amazon
    [InlineData("https://s3.eu-central-1.amazonaws.com", "https://s3.eu-central-1.amazonaws.com/", "eu-central-1")]
    [InlineData("https://s3-eu-west-1.amazonaws.com", "https://s3-eu-west-1.amazonaws.com/", "eu-west-1")]
    [InlineData(
        "https://audio.s3.eu-central-1.amazonaws.com",
        "https://s3.eu-central-1.amazonaws.com/",
        "eu-central-1"
    )]
    [InlineData("https://audio.s3-eu-west-1.amazonaws.com", "https://s3-eu-west-1.amazonaws.com/", "eu-west-1")]
    [InlineData(
        "https://s3.dualstack.us-west-2.amazonaws.com",
        "https://s3.dualstack.us-west-2.amazonaws.com/",
        "us-west-2"
    )]
    [InlineData(
        "https://s3-fips.us-gov-west-1.amazonaws.com",
        "https://s3-fips.us-gov-west-1.amazonaws.com/",
        "us-gov-west-1"
    )]
    [InlineData("https://s3.cn-north-1.amazonaws.com.cn", "https://s3.cn-north-1.amazonaws.com.cn/", "cn-north-1")]
    [InlineData("https://audio.s3.amazonaws.com", "https://s3.amazonaws.com/", "us-east-1")]
    [InlineData("https://s3.amazonaws.com", "https://s3.amazonaws.com/", "us-east-1")]
    [InlineData("https://s3-external-1.amazonaws.com", "https://s3-external-1.amazonaws.com/", "us-east-1")]
    // Others with the region in the host
    [InlineData("https://s3.us-west-004.backblazeb2.com", "https://s3.us-west-004.backblazeb2.com/", "us-west-004")]
    [InlineData(
        "https://audio.s3.us-west-004.backblazeb2.com",
        "https://s3.us-west-004.backblazeb2.com/",
        "us-west-004"
    )]
    [InlineData("https://fra1.digitaloceanspaces.com", "https://fra1.digitaloceanspaces.com/", "fra1")]
    [InlineData("https://audio.fra1.digitaloceanspaces.com", "https://fra1.digitaloceanspaces.com/", "fra1")]
    [InlineData("https://s3.eu-central-2.wasabisys.com", "https://s3.eu-central-2.wasabisys.com/", "eu-central-2")]
    [InlineData("https://s3.wasabisys.com", "https://s3.wasabisys.com/", "us-east-1")]
    [InlineData("https://s3.fr-par.scw.cloud", "https://s3.fr-par.scw.cloud/", "fr-par")]
    [InlineData("https://audio.s3.fr-par.scw.cloud", "https://s3.fr-par.scw.cloud/", "fr-par")]
    [InlineData("https://us-east-1.linodeobjects.com", "https://us-east-1.linodeobjects.com/", "us-east-1")]
    [InlineData("https://s3.gra.io.cloud.ovh.net", "https://s3.gra.io.cloud.ovh.net/", "gra")]
    [InlineData("https://storage.googleapis.com", "https://storage.googleapis.com/", "auto")]
    // Cloudflare
    [InlineData("https://0a1b.r2.cloudflarestorage.com", "https://0a1b.r2.cloudflarestorage.com/", "auto")]
    [InlineData("https://0a1b.eu.r2.cloudflarestorage.com", "https://0a1b.eu.r2.cloudflarestorage.com/", "auto")]
    [InlineData("https://audio.0a1b.r2.cloudflarestorage.com", "https://0a1b.r2.cloudflarestorage.com/", "auto")]
    [InlineData("https://0a1b.r2.cloudflarestorage.com/audio/", "https://0a1b.r2.cloudflarestorage.com/", "auto")]
    // One's own
    [InlineData("http://localhost:9000", "http://localhost:9000/", "us-east-1")]
    [InlineData("http://127.0.0.1:9000/audio", "http://127.0.0.1:9000/", "us-east-1")]
    [InlineData("http://[::1]:9000", "http://[::1]:9000/", "us-east-1")]
    [InlineData("https://minio.example.com/", "https://minio.example.com/", "us-east-1")]
    [InlineData("https://audio.example.com", "https://audio.example.com/", "us-east-1")]
    [InlineData("https://audio.s3.example.com", "https://s3.example.com/", "us-east-1")]
    [InlineData("https://audio.s3.example.com/audio/", "https://s3.example.com/", "us-east-1")]
    [InlineData("https://s3.eu-west-3.example.com", "https://s3.eu-west-3.example.com/", "eu-west-3")]
    [InlineData("https://project.example.co/storage/v1/s3", "https://project.example.co/storage/v1/s3", "us-east-1")]
    [InlineData("HTTPS://S3.EU-Central-1.AmazonAWS.com", "https://s3.eu-central-1.amazonaws.com/", "eu-central-1")]
    public void An_endpoint_tells_service_and_region(string endpoint, string service, string region)
    {
        var target = S3Target.FromOptions(_whole with { BucketEndpointUrl = new Uri(endpoint) })!;

        target.ServiceUrl.AbsoluteUri.ShouldBe(service);
        target.Region.ShouldBe(region);
        target.Bucket.ShouldBe("audio");
        target.PathStyle.ShouldBeTrue();
        target.UsesHttp.ShouldBe(endpoint.StartsWith("http:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://my.bucket.s3.eu-central-1.amazonaws.com", "my.bucket")]
    [InlineData("https://spoken.fra1.digitaloceanspaces.com/", "spoken")]
    [InlineData("https://spoken.0a1b.eu.r2.cloudflarestorage.com", "spoken")]
    [InlineData("https://0a1b.r2.cloudflarestorage.com/spoken", "spoken")]
    [InlineData("http://localhost:9000/spoken/", "spoken")]
    public void An_endpoint_alone_may_name_the_bucket(string endpoint, string bucket) =>
        S3Target
            .FromOptions(_whole with { BucketName = null, BucketEndpointUrl = new Uri(endpoint) })!
            .Bucket.ShouldBe(bucket);

    [Fact]
    public void A_bucket_called_like_a_part_of_the_host_is_not_taken_off_it()
    {
        var endpoint = new Uri("https://minio.example.com");
        S3Target
            .FromOptions(_whole with { BucketName = "minio", BucketEndpointUrl = endpoint })!
            .ServiceUrl.Host.ShouldBe("minio.example.com");
        endpoint = new Uri("https://fra1.digitaloceanspaces.com");
        S3Target
            .FromOptions(_whole with { BucketName = "fra1", BucketEndpointUrl = endpoint })!
            .ServiceUrl.Host.ShouldBe("fra1.digitaloceanspaces.com");
    }

    [Fact]
    public void Without_bucket_and_endpoint_there_is_no_target() =>
        S3Target
            .FromOptions(
                new DeliveryOptions
                {
                    AwsAccessKeyId = "AKID",
                    AwsSecretAccessKey = "x",
                    AwsRegion = "us-east-1",
                }
            )
            .ShouldBeNull();

    [Fact]
    public void Everything_that_is_missing_is_reported_at_once()
    {
        Problems(new DeliveryOptions { BucketName = "audio" })
            .Select(problem => problem.Split(' ')[0])
            .ShouldBe(["BUCKET_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
        Problems(new DeliveryOptions { BucketEndpointUrl = new Uri("https://s3.example.com") })
            .Select(problem => problem.Split(' ')[0])
            .ShouldBe(["BUCKET_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    }

    [Fact]
    public void Pairs_of_keys_are_never_mixed()
    {
        var problem = Problems(_whole with { BucketAccessKeyId = "mine" }).ShouldHaveSingleItem();
        problem.ShouldStartWith("BUCKET_SECRET_ACCESS_KEY is not set");

        var own = S3Target.FromOptions(
            _whole with
            {
                BucketAccessKeyId = "mine",
                BucketSecretAccessKey = "secret",
                AwsSessionToken = "of the other pair",
            }
        )!;
        (own.AccessKeyId, own.SecretAccessKey, own.SessionToken).ShouldBe(("mine", "secret", null));
        own.PresignLife.ShouldBe(TimeSpan.FromDays(7));
    }

    [Fact]
    public void A_session_token_caps_the_life_of_urls_at_twelve_hours()
    {
        var temporary = _whole with { AwsSessionToken = "token" };
        S3Target.FromOptions(temporary)!.PresignLife.ShouldBe(TimeSpan.FromHours(12));
        S3Target.FromOptions(temporary with { PresignSeconds = 60 })!.PresignLife.ShouldBe(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_region_of_Amazons_needs_no_endpoint()
    {
        var target = S3Target.FromOptions(_whole with { BucketEndpointUrl = null, BucketRegion = "eu-west-1" })!;
        target.ServiceUrl.ShouldBe(new Uri("https://s3.eu-west-1.amazonaws.com"));
        target.PathStyle.ShouldBeFalse();
        Problems(_whole with { BucketEndpointUrl = null, AwsRegion = "us-west-004" })
            .ShouldHaveSingleItem()
            .ShouldContain("'us-west-004' is not one of Amazon's");
    }

    [Fact]
    public void Regions_that_are_set_win_over_the_host()
    {
        var options = _whole with { BucketEndpointUrl = new Uri("https://fra1.digitaloceanspaces.com") };
        S3Target.FromOptions(options with { BucketRegion = "ams3" })!.Region.ShouldBe("ams3");
        S3Target.FromOptions(options with { BucketRegion = "ams3", AwsRegion = "nyc3" })!.Region.ShouldBe("nyc3");
    }

    [Theory]
    [InlineData("vibevoice", "vibevoice")]
    [InlineData("/a//b/", "a/b")]
    [InlineData(" spoken / today ", "spoken/today")]
    public void Prefixes_are_brought_to_one_form(string prefix, string normal) =>
        S3Target.FromOptions(_whole with { S3Prefix = prefix })!.Prefix.ShouldBe(normal);

    [Theory]
    [InlineData("", "must name a folder")]
    [InlineData("/", "must name a folder")]
    [InlineData("a/../b", "cannot hold '.' or '..'")]
    [InlineData("a\nb", "control character")]
    public void Prefixes_that_are_none_are_refused(string prefix, string reason)
    {
        var problem = Problems(_whole with { S3Prefix = prefix }).ShouldHaveSingleItem();
        problem.ShouldStartWith("S3_PREFIX");
        problem.ShouldContain(reason);
    }

    [Theory]
    [InlineData("https://user:password@s3.example.com", "without user")]
    [InlineData("https://s3.example.com/?X-Amz-Signature=password", "without user")]
    [InlineData("https://other.s3.eu-central-1.amazonaws.com", "names the bucket 'other'")]
    public void Endpoints_that_contradict_are_refused_and_not_quoted(string endpoint, string reason)
    {
        var problem = Problems(_whole with { BucketEndpointUrl = new Uri(endpoint) }).ShouldHaveSingleItem();
        problem.ShouldContain(reason);
        problem.ShouldNotContain("password");
    }

    [Fact]
    public void Faults_of_a_jobs_bucket_are_the_callers_and_name_its_fields()
    {
        var job = new JobBucket("", "hush", "a/b", "http://s3.example.com", "../up");

        var rejection = Should.Throw<JobRejectedException>(() => S3Target.FromJobConfig(job, _whole));

        rejection
            .Problems.Select(problem => problem.Split(' ')[0])
            .ShouldBe(
                ["'s3Config.endpointUrl'", "'s3Config.bucketName'", "'s3Config.accessId'", "'s3Config.objectPath'"],
                ignoreOrder: true
            );
    }

    [Fact]
    public void A_jobs_bucket_takes_nothing_of_the_workers_but_prefix_and_life()
    {
        var worker = _whole with { AwsRegion = "nyc3", AwsSessionToken = "token", PresignSeconds = 60, S3Prefix = "p" };
        var job = new JobBucket("id", "secret", "", "https://theirs.fra1.digitaloceanspaces.com");

        var target = S3Target.FromJobConfig(job, worker);

        (target.Bucket, target.Region, target.SessionToken, target.Prefix, target.PresignLife.TotalSeconds).ShouldBe(
            ("theirs", "fra1", null, "p", 60)
        );
    }

    [Fact]
    public void Keys_are_in_no_text()
    {
        var options = _whole with
        {
            AwsSessionToken = "token-hush",
            BucketAccessKeyId = "AKID2",
            BucketSecretAccessKey = "hush2",
        };
        var job = new JobBucket("AKID", "hush", "audio", "https://s3.example.com");
        string[] texts =
        [
            $"{options}",
            $"{S3Target.FromOptions(options)}",
            $"{job}",
            $"{S3Target.FromJobConfig(job, options)}",
        ];
        foreach (var text in texts)
        {
            text.ShouldContain("audio");
            text.ShouldNotContain("hush");
            text.ShouldNotContain("AKID");
        }
    }

    private static IReadOnlyList<string> Problems(DeliveryOptions options) =>
        Should.Throw<SettingsException>(() => S3Target.FromOptions(options)).Problems;
}
