using System.Runtime.Versioning;
using Amazon.S3.Model;
using Testing;
using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Tests.Delivery;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>Old audio goes by hand, too.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class RetentionCommandTests(S3ServerFixture fixture) : CommandTest, IClassFixture<S3ServerFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Days_decide_and_a_dry_run_only_counts()
    {
        var server = await fixture.GetAsync(Token);
        var target = S3Stage.TargetAt(server.Url);
        await BucketFiles.PutAsync(server, target, ("a.mp3", 30), ("b.mp3", 10), ("c.mp3", 1));
        var options = BucketFiles.Settings(Here, server.Url, target.Prefix);

        var dry = await CommandRun.VibeVoiceAsync(options, "retention", "--days", "20", "--dry-run");
        (dry.ExitCode, dry.Errors).ShouldBe((0, ""));
        dry.Text.ShouldMatch($"^Retention .*1 object.* older than 20 days, under '{target.Prefix}/' in bucket 'audio'");
        (await S3Stage.KeysAsync(target)).Count.ShouldBe(3);

        (await CommandRun.VibeVoiceAsync(options, "retention", "--days", "20")).ExitCode.ShouldBe(0);
        (await S3Stage.KeysAsync(target)).ShouldBe([$"{target.Prefix}/b.mp3", $"{target.Prefix}/c.mp3"]);

        (await CommandRun.VibeVoiceAsync(options, "retention")).ExitCode.ShouldBe(0); // seven
        (await S3Stage.KeysAsync(target)).ShouldBe([$"{target.Prefix}/c.mp3"]);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("week")]
    [InlineData("99999")]
    public async Task Days_that_make_no_sense_are_refused(string days)
    {
        var result = await RunAsync("retention", "--days", days);
        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldStartWith(
            $"vibevoice: '--days' is '{days}', but must be a whole number from 1 to 36500.\n"
        );
    }

    [Fact]
    public async Task Without_a_bucket_there_is_nothing_to_do()
    {
        var result = await CommandRun.VibeVoiceAsync(Here.With("AWS_ACCESS_KEY_ID", "key"), "retention");
        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldStartWith("vibevoice: No bucket is set, so there is nothing to delete; set BUCKET_NAME");
    }

    [Fact]
    public async Task A_bucket_out_of_reach_is_a_failure_and_no_bug()
    {
        var url = new Uri($"http://127.0.0.1:{FreePort.Find()}");

        var result = await CommandRun.VibeVoiceAsync(BucketFiles.Settings(Here, url, "vibevoice"), "retention");

        result.ExitCode.ShouldBe(1);
        result.Errors.ShouldStartWith("vibevoice: Listing the bucket failed: bucket 'audio' at '127.0.0.1:");
        result.Errors.ShouldNotContain(BucketFiles.Secret);
        result.Errors.TrimEnd().Split('\n').Length.ShouldBe(1);
    }
}

/// <summary>A bucket's files and the settings that lead to it.</summary>
internal static class BucketFiles
{
    public const string Secret = "open sesame";

    /// <summary>The variables of a worker whose audio goes to this bucket.</summary>
    public static RunOptions Settings(RunOptions options, Uri url, string prefix) =>
        options
            .With("BUCKET_NAME", S3Server.Bucket)
            .With("BUCKET_ENDPOINT_URL", url.ToString())
            .With("AWS_ACCESS_KEY_ID", S3Server.AccessKeyId)
            .With("AWS_SECRET_ACCESS_KEY", Secret)
            .With("S3_PREFIX", prefix);

    /// <summary>Puts files under the prefix of <paramref name="target"/>, each so many days old.</summary>
    public static async Task PutAsync(S3Server server, S3Target target, params (string Name, int Days)[] files)
    {
        using var client = S3Client.Create(target);
        foreach (var (name, days) in files)
        {
            var key = $"{target.Prefix}/{name}";
            var request = new PutObjectRequest
            {
                BucketName = target.Bucket,
                Key = key,
                ContentBody = "0123456789",
                UseChunkEncoding = false,
            };
            await client.PutObjectAsync(request, TestContext.Current.CancellationToken);
            server.Age(key, TimeSpan.FromDays(days));
        }
    }
}
