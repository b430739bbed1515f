using Amazon.S3.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>What is old goes, and nothing else.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class RetentionTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>
{
    private readonly FakeLogger<Retention> _logger = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Objects cannot be made older, so the clock is set ahead instead.
    private static FakeTimeProvider InAMonth => new(DateTimeOffset.UtcNow.AddDays(30));

    [Fact]
    public async Task Old_objects_under_the_prefix_go_and_neighbours_stay()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        await PutAsync(target, [$"{target.Prefix}/2027/01/01/a.mp3", $"{target.Prefix}/b.mp3"]);
        string[] neighbours = [$"{target.Prefix}-other/c.mp3", $"{target.Prefix}.mp3", target.Prefix];
        await PutAsync(target, neighbours);

        var report = await Retention(target, InAMonth).RunAsync(7, isDryRun: false, Token);

        (report.Objects, report.Bytes, report.Failures).ShouldBe((2, 20, 0));
        (await S3Stage.KeysAsync(target)).ShouldBe(neighbours, ignoreOrder: true);
    }

    [Fact]
    public async Task Young_objects_stay()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        await PutAsync(target, [$"{target.Prefix}/a.mp3"]);

        var report = await Retention(target, new(DateTimeOffset.UtcNow.AddDays(6.9)))
            .RunAsync(7, isDryRun: false, Token);

        report.Objects.ShouldBe(0);
        (await S3Stage.KeysAsync(target)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_dry_run_counts_and_deletes_nothing()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        await PutAsync(target, [$"{target.Prefix}/a.mp3"]);
        await BeginUploadAsync(target);

        var report = await Retention(target, InAMonth).RunAsync(7, isDryRun: true, Token);

        (report.Objects, report.Bytes, report.Uploads).ShouldBe((1, 10, 1));
        (await S3Stage.KeysAsync(target)).Count.ShouldBe(1);
        stage.Proxy.OpenUploads.Count.ShouldBe(1);
        stage.Proxy.Requests.ShouldNotContain(request =>
            request.Operation.StartsWith("Delete", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task More_than_a_page_goes_in_batches()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        await PutAsync(target, [.. Enumerable.Range(0, 1203).Select(i => $"{target.Prefix}/{i}.mp3")]);

        var report = await Retention(target, InAMonth).RunAsync(7, isDryRun: false, Token);

        report.Objects.ShouldBe(1203);
        (await S3Stage.KeysAsync(target)).ShouldBeEmpty();
        // s3rver trips over its own clean-up of folders now and then, and the same batch is sent again.
        var batches = stage.Proxy.Requests.Where(request => request.Operation is "DeleteObjects");
        batches.Select(batch => batch.Text).Distinct(StringComparer.Ordinal).Count().ShouldBe(2);
        stage.Proxy.Requests.ShouldNotContain(request => request.Operation == "DeleteObject");
    }

    [Theory]
    [InlineData(400, "MalformedXML")]
    [InlineData(400, "MissingContentMD5")]
    [InlineData(400, "InvalidRequest")]
    [InlineData(501, "NotImplemented")]
    [InlineData(405, "MethodNotAllowed")]
    public async Task Where_batches_are_refused_objects_go_one_by_one(int status, string code)
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        await PutAsync(target, [.. Enumerable.Range(0, 20).Select(i => $"{target.Prefix}/{i}.mp3")]);
        stage.Proxy.On("DeleteObjects", S3Fault.Refusal(status, code));

        var report = await Retention(target, InAMonth).RunAsync(7, isDryRun: false, Token);

        (report.Objects, report.Failures).ShouldBe((20, 0));
        (await S3Stage.KeysAsync(target)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Objects_that_may_not_be_deleted_are_counted_as_failures()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        await PutAsync(target, [$"{target.Prefix}/a.mp3", $"{target.Prefix}/b.mp3", $"{target.Prefix}/c.mp3"]);
        var answer =
            $"<DeleteResult><Error><Key>{target.Prefix}/b.mp3</Key><Code>AccessDenied</Code><Message>Locked.</Message></Error></DeleteResult>";
        stage.Proxy.On("DeleteObjects", new S3Fault { Status = 200, Xml = answer });

        var report = await Retention(target, InAMonth).RunAsync(7, isDryRun: false, Token);

        (report.Objects, report.Bytes, report.Failures).ShouldBe((2, 20, 1));
        report.FirstFailure!.ShouldContain("AccessDenied");
    }

    [Fact]
    public async Task Uploads_that_were_never_finished_are_aborted()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        await BeginUploadAsync(target);

        (await Retention(target, new(DateTimeOffset.UtcNow)).RunAsync(1, isDryRun: false, Token)).Uploads.ShouldBe(0);
        stage.Proxy.OpenUploads.Count.ShouldBe(1);

        (await Retention(target, InAMonth).RunAsync(7, isDryRun: false, Token)).Uploads.ShouldBe(1);
        stage.Proxy.OpenUploads.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_store_that_cannot_list_uploads_is_cleaned_all_the_same()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        await PutAsync(target, [$"{target.Prefix}/a.mp3"]);
        stage.Proxy.On("ListMultipartUploads", S3Fault.Refusal(501, "NotImplemented"));
        stage.Proxy.On("GetBucketVersioning", S3Fault.Refusal(501, "NotImplemented"));
        stage.Proxy.On("ListObjectVersions", S3Fault.Refusal(501, "NotImplemented"));

        var report = await Retention(target, InAMonth).RunAsync(7, isDryRun: false, Token);

        (report.Objects, report.Failures).ShouldBe((1, 0));
    }

    [Fact]
    public async Task Nothing_outside_the_prefix_goes_even_where_a_store_ignores_it()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var target = stage.Target;
        const string Listing =
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>precious.txt</Key>"
            + "<LastModified>2001-01-01T00:00:00Z</LastModified><Size>1</Size></Contents></ListBucketResult>";
        stage.Proxy.On("ListObjects", new S3Fault { Status = 200, Xml = Listing });

        var report = await Retention(target, InAMonth).RunAsync(7, isDryRun: false, Token);

        report.Objects.ShouldBe(0);
        stage.Proxy.Requests.ShouldNotContain(request =>
            request.Operation.StartsWith("Delete", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(2)]
    public async Task In_a_versioned_bucket_old_versions_and_markers_go_too(int pageSize)
    {
        await using var bucket = await VersionedBucket.StartAsync(Token);
        bucket.PageSize = pageSize;
        var target = S3Stage.TargetAt(bucket.Url) with { Prefix = "vibevoice" };
        var (old, young) = (DateTime.UtcNow.AddDays(-10), DateTime.UtcNow.AddDays(-1));
        bucket.Add("vibevoice/a.mp3", old); // v1
        bucket.Add("vibevoice/a.mp3", old); // v2
        bucket.Add("vibevoice/a.mp3", old, isMarker: true); // v3
        bucket.Add("vibevoice/b.mp3", old); // v4
        bucket.Add("vibevoice/b.mp3", young, isMarker: true); // v5
        bucket.Add("vibevoice/c.mp3", young); // v6
        bucket.Add("vibevoice-other/d.mp3", old); // v7

        var dry = await Retention(target, new(DateTimeOffset.UtcNow)).RunAsync(7, isDryRun: true, Token);
        var report = await Retention(target, new(DateTimeOffset.UtcNow)).RunAsync(7, isDryRun: false, Token);

        bucket.Stored.ShouldBe(["vibevoice/b.mp3#v5 (marker)", "vibevoice/c.mp3#v6", "vibevoice-other/d.mp3#v7"]);
        (report.Objects, report.Bytes).ShouldBe((4, 300));
        (dry.Objects, dry.Bytes).ShouldBe((4, 300));
    }

    [Fact]
    public async Task A_discarded_object_leaves_no_version_behind()
    {
        await using var bucket = await VersionedBucket.StartAsync(Token);
        var target = S3Stage.TargetAt(bucket.Url) with { Prefix = "vibevoice" };
        using var delivery = new S3Delivery(target, S3Fallback.None, TimeProvider.System, new FakeLogger<S3Delivery>());

        var known = await delivery.DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(10)), Token);
        await delivery.DiscardAsync(known, Token);
        bucket.Stored.ShouldBeEmpty();

        // As after an upload whose answer was lost: the version is not known, and a delete only adds a marker.
        var unknown = await delivery.DeliverAsync(TestAudio.Request(), TestAudio.Of(TestAudio.Bytes(10)), Token);
        await delivery.DiscardAsync(unknown with { VersionId = null }, Token);
        bucket.Stored.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    public void An_empty_prefix_is_refused(string prefix)
    {
        var target = S3Stage.TargetAt(new Uri("http://localhost")) with { Prefix = prefix };
        Should.Throw<SettingsException>(() => Retention(target, InAMonth)).Message.ShouldContain("S3_PREFIX");
    }

    [Fact]
    public async Task It_runs_once_a_day_and_an_unreachable_bucket_only_warns()
    {
        await using var stage = await S3Stage.StartAsync(server);
        var folder = Directory.CreateTempSubdirectory("retention-");
        var stamp = Path.Combine(folder.FullName, "stamp");
        var target = stage.Target;
        var time = InAMonth;
        stage.Proxy.On("ListObjects", S3Fault.Refusal(403, "AccessDenied"), times: 1);

        (await Retention(target, time).RunOncePerDayAsync(stamp, 7, Token)).ShouldBeNull();
        _logger.LatestRecord.Level.ShouldBe(LogLevel.Warning);
        _logger.LatestRecord.Message.ShouldContain("AccessDenied");

        (await Retention(target, time).RunOncePerDayAsync(stamp, 7, Token)).ShouldNotBeNull(); // the failure was no run
        var requests = stage.Proxy.Requests.Count;
        (await Retention(target, time).RunOncePerDayAsync(stamp, 7, Token)).ShouldBeNull();
        stage.Proxy.Requests.Count.ShouldBe(requests);

        time.Advance(TimeSpan.FromDays(1));
        (await Retention(target, time).RunOncePerDayAsync(stamp, 7, Token)).ShouldNotBeNull();
        folder.Delete(recursive: true);
    }

    private Retention Retention(S3Target target, FakeTimeProvider time) => new(target, time, _logger);

    private static async Task PutAsync(S3Target target, IReadOnlyCollection<string> keys)
    {
        using var client = S3Client.Create(target);
        await Parallel.ForEachAsync(
            keys,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token },
            async (key, cancellationToken) =>
                await client.PutObjectAsync(
                    new PutObjectRequest
                    {
                        BucketName = target.Bucket,
                        Key = key,
                        ContentBody = "0123456789",
                        UseChunkEncoding = false,
                    },
                    cancellationToken
                )
        );
    }

    private static async Task BeginUploadAsync(S3Target target)
    {
        using var client = S3Client.Create(target);
        await client.InitiateMultipartUploadAsync(target.Bucket, $"{target.Prefix}/open.mp3", Token);
    }
}
