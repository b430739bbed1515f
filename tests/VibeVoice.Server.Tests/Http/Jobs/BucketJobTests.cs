using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Http.Jobs.Storage;
using VibeVoice.Server.Tests.Delivery;

namespace VibeVoice.Server.Tests.Http.Jobs;

/// <summary>Jobs in a bucket of a real S3 server, which heeds no conditions; the proxy before it does where it is told to.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class BucketJobTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_workers_share_jobs_by_way_of_the_bucket(bool heedsConditions)
    {
        var (url, target) = await TargetAsync(heedsConditions);
        await using var proxy = url;
        var (third, begun) = (new TaskCompletionSource(), new ConcurrentQueue<int>());
        var first = await StartAsync(
            target,
            new ChunkedSynthesizer
            {
                Begun = begun,
                BeforeFrame = (index, token) =>
                {
                    if (index < 7)
                    {
                        return Task.CompletedTask;
                    }

                    third.TrySetResult();
                    return Task.Delay(Timeout.Infinite, token);
                },
            }
        );
        var id = await first.Client.BeginAsync();
        await third.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        await first.DisposeAsync();

        await using var second = await StartAsync(target, new ChunkedSynthesizer { Begun = begun });
        var job = await second.Client.UntilDoneAsync(id);
        job.Status().ShouldBe("done", $"{job}");
        begun.ShouldBe([0, 1, 2, 2, 3, 4, 5]);
        using var whole = await second.SpeakAsync(JobClient.Body);
        var expected = await whole.Content.ReadAsByteArrayAsync(Token);
        using var anyone = new HttpClient();
        (await anyone.GetByteArrayAsync(job.GetProperty("audio_url").GetString(), Token)).ShouldBe(expected);
        (await second.Client.AudioAsync(id)).ShouldBe(expected); // by way of a redirection
        var metadata = job.GetProperty("metadata");
        metadata.GetProperty("bucket").GetString().ShouldBe(S3Server.Bucket);
        metadata.GetProperty("key").GetString().ShouldBe($"{target.Prefix}/jobs/{id}/audio.pcm");
        (await S3Stage.KeysAsync(target))
            .Select(key => key[(target.Prefix.Length + "/jobs/".Length)..])
            .ShouldBe([$"{id}/audio.pcm", $"{id}/request.json", $"{id}/state.json"], ignoreOrder: true);

        (await second.Client.DeleteAsync($"{JobClient.Path}/{id}", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await S3Stage.KeysAsync(target)).ShouldBeEmpty();
        proxy.OpenUploads.ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_many_that_reach_for_a_job_one_gets_it()
    {
        var (proxy, target) = await TargetAsync(heedsConditions: true);
        await using var _ = proxy;
        var id = JobId.New();
        var stores = Enumerable.Range(0, 5).Select(_ => Store(target)).ToList();
        (await Task.WhenAll(stores.Select(store => store.TryCreateAsync(id, "x", new byte[1], Token))))
            .Count(isMade => isMade)
            .ShouldBe(1);
        var leases = await Task.WhenAll(stores.Select(store => store.TryLeaseAsync(id, Token)));
        var lease = leases.OfType<IJobLease>().ShouldHaveSingleItem();
        (await lease.ConfirmAsync(Token)).ShouldBeTrue();
        (await stores[0].TryLeaseAsync(id, Token)).ShouldBeNull();

        await stores[1].RemoveAsync(id, Token);
        (await lease.ConfirmAsync(Token)).ShouldBeFalse();
        lease.Lost.IsCancellationRequested.ShouldBeTrue();
        await lease.DisposeAsync();
        var next = (await stores[0].TryLeaseAsync(id, Token)).ShouldNotBeNull();
        await next.DisposeAsync();
        stores.ForEach(store => store.Dispose());
        (await S3Stage.KeysAsync(target)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_answer_that_is_lost_does_not_lose_the_lease()
    {
        var (proxy, target) = await TargetAsync(heedsConditions: true);
        await using var _ = proxy;
        using var store = Store(target);
        var id = JobId.New();
        await store.ReadListAsync(Token);
        proxy.On(
            "PutObject",
            new S3Fault { CutsAnswer = true },
            times: 1,
            request => request.Key.EndsWith("job.lease", StringComparison.Ordinal)
        );
        await using var lease = (await store.TryLeaseAsync(id, Token)).ShouldNotBeNull();
        proxy.On(
            "PutObject",
            new S3Fault { CutsAnswer = true },
            times: 1,
            request => request.Key.EndsWith("job.lease", StringComparison.Ordinal)
        );
        (await lease.ConfirmAsync(Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_bucket_that_refuses_is_told_without_its_keys()
    {
        var (proxy, target) = await TargetAsync(heedsConditions: true);
        await using var _ = proxy;
        proxy.On("PutObject", S3Fault.Refusal(403, "AccessDenied", "The key S3RVER may not."));
        await using var stage = await StartAsync(target, new ChunkedSynthesizer());
        using var answer = await stage.Client.SendAsync(JobClient.Body);
        var message = (await HttpStage.ErrorOfAsync(answer, 503)).GetProperty("message").GetString()!;
        message.ShouldContain("AccessDenied");
        message.ShouldNotContain(S3Server.AccessKeyId);
    }

    private async Task<(S3Proxy Proxy, S3Target Target)> TargetAsync(bool heedsConditions)
    {
        var proxy = await S3Proxy.StartAsync((await server.GetAsync(Token)).Url, Token, heedsConditions);
        return (proxy, S3Stage.TargetAt(proxy.Url));
    }

    private static BucketStore Store(S3Target target) => new(target, TimeProvider.System, NullLogger.Instance);

    private static Task<HttpStage> StartAsync(S3Target target, ChunkedSynthesizer engine) =>
        HttpStage.StartAsync(engine, slots: 2, jobs: Store(target));
}
