using System.Runtime.Versioning;
using Testing;
using Testing.Programs;
using Testing.S3;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Delivery;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>With a bucket set, a start deletes old audio beside its work, once a day, whatever the bucket says.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class BootstrapRetentionTests(S3ServerFixture fixture) : CommandTest, IClassFixture<S3ServerFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Old_audio_goes_once_a_day_and_the_new_and_the_neighbours_stay()
    {
        var server = await fixture.GetAsync(Token);
        await using var proxy = await S3Proxy.StartAsync(server.Url, Token);
        var target = S3Stage.TargetAt(proxy.Url);
        var neighbour = target with { Prefix = $"{target.Prefix}-other" };
        await BucketFiles.PutAsync(server, target, ("2027/01/01/old.mp3", 8), ("2027/01/07/young.mp3", 6));
        await BucketFiles.PutAsync(server, neighbour, ("old.mp3", 80));
        var options = BucketFiles.Settings(Options, proxy.Url, target.Prefix);

        var first = await RunAsync(options);
        first.ExitCode.ShouldBe(0, first.Errors);
        first.Errors.ShouldContain("Retention of 7 days");
        var keys = await S3Stage.KeysAsync(target with { Prefix = $"{target.Prefix}/" });
        keys.Count.ShouldBe(2); // the young one and the job's own
        keys.Count(key => key.EndsWith("/young.mp3", StringComparison.Ordinal)).ShouldBe(1);
        (await S3Stage.KeysAsync(neighbour)).Count.ShouldBe(1);

        var listed = ListsOf(proxy);
        var second = await RunAsync(options);
        second.ExitCode.ShouldBe(0);
        second.Errors.ShouldNotContain("Retention");
        ListsOf(proxy).ShouldBe(listed);

        File.Delete(PathOf("volume/VibeVoice/.retention_stamp")); // as the day after
        await RunAsync(options.With("RETENTION_DAYS", "5"));
        (await S3Stage.KeysAsync(target)).ShouldAllBe(key => !key.EndsWith("/young.mp3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bucket_that_does_not_answer_does_not_delay_the_start_and_one_that_refuses_is_a_warning()
    {
        var server = await fixture.GetAsync(Token);
        await using var proxy = await S3Proxy.StartAsync(server.Url, Token);
        var refusal = S3Fault.Refusal(403, "AccessDenied");
        proxy.On("GetBucketVersioning", refusal with { Delay = TimeSpan.FromSeconds(5) });
        proxy.On("ListObjects", refusal);
        proxy.On("ListObjectVersions", refusal);

        var target = S3Stage.TargetAt(proxy.Url);
        var options = BucketFiles.Settings(Options, proxy.Url, target.Prefix);
        await using var run = CommandRun.Start(Repository.PathOf("runpod_bootstrap.sh"), TestInput, options);
        await run.UntilAsync(
            () => run.ErrorsSoFar.Contains("Spoke 12 characters", StringComparison.Ordinal),
            "the job"
        );
        run.ErrorsSoFar.ShouldNotContain("Retention");

        // Its pipes are held open by the retention that goes on.
        var result = await run.ExitAsync();
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Errors.ShouldContain("Retention did not run; the next start tries again.");
        result.Errors.ShouldContain("AccessDenied");
        result.Errors.ShouldNotContain(BucketFiles.Secret);
        File.Exists(PathOf("volume/VibeVoice/.retention_stamp")).ShouldBeFalse();
    }

    [Fact]
    public async Task The_retention_that_outlives_the_script_does_not_stay_as_a_zombie_of_the_worker()
    {
        var server = await fixture.GetAsync(Token);
        await using var proxy = await S3Proxy.StartAsync(server.Url, Token);
        proxy.On("GetBucketVersioning", S3Fault.Refusal(403, "AccessDenied") with { Delay = TimeSpan.FromSeconds(4) });
        proxy.On("ListObjects", S3Fault.Refusal(403, "AccessDenied"));
        var options = BucketFiles
            .Settings(Options, proxy.Url, S3Stage.TargetAt(proxy.Url).Prefix)
            .With("ESPEAK_PATH", EndlessEspeak());
        await using var run = CommandRun.Start(Repository.PathOf("runpod_bootstrap.sh"), TestInput, options);
        await run.UntilAsync(() => run.HasChild("sleep"), "the job"); // the worker has children of its own by now
        run.HasChild("vibevoice").ShouldBeTrue();

        await run.UntilAsync(() => !run.HasChild("vibevoice"), "the end of the retention");

        await run.UntilAsync(() => ProcessTable.ZombiesOf(run.Id).Count == 0, "the worker to let it go");
        run.HasChild("sleep").ShouldBeTrue();
    }

    [Fact]
    public async Task Without_a_bucket_there_is_no_word_about_it()
    {
        var result = await RunAsync(Options.With("BUCKET_NAME", " ").With("AWS_ACCESS_KEY_ID", "key"));
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Errors.ShouldNotContain("etention");
        result.Errors.ShouldNotContain("bucket");
    }

    private static readonly string[] TestInput = ["--test_input", """{"input": {"text": "Hello there."}}"""];

    private RunOptions Options =>
        Here.With("VIBEVOICE_WORKSPACE", PathOf("volume")).With("VIBEVOICE_PROGRAM", CommandRun.Program);

    private static int ListsOf(S3Proxy proxy) =>
        proxy.Requests.Count(request => request.Operation.StartsWith("ListObject", StringComparison.Ordinal));

    private static Task<CommandResult> RunAsync(RunOptions options) =>
        CommandRun.RunAsync(Repository.PathOf("runpod_bootstrap.sh"), TestInput, options);
}
