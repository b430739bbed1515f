using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Testing.S3;
using VibeVoice.Server.Delivery;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>A bucket behind a proxy that can fail, a delivery into it, and a look at what is left there.</summary>
internal sealed class S3Stage : IAsyncDisposable
{
    private readonly ConcurrentBag<IDisposable> _deliveries = [];

    private S3Stage(S3Proxy proxy) => Proxy = proxy;

    public S3Proxy Proxy { get; }

    public FakeLogger<S3Delivery> Logger { get; } = new();

    public HttpClient Http { get; } = new();

    public S3Target Target => TargetAt(Proxy.Url);

    public static async Task<S3Stage> StartAsync(S3ServerFixture fixture)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var server = await fixture.GetAsync(cancellationToken);
        return new S3Stage(await S3Proxy.StartAsync(server.Url, cancellationToken));
    }

    public static S3Target TargetAt(Uri url) =>
        S3Target.FromOptions(
            new DeliveryOptions
            {
                BucketEndpointUrl = url,
                BucketName = S3Server.Bucket,
                AwsAccessKeyId = S3Server.AccessKeyId,
                AwsSecretAccessKey = "open sesame",
                // Tests of one class share the server: each has a folder of its own.
                S3Prefix = $"test-{Guid.NewGuid():N}",
            }
        )!;

    public S3Delivery Delivery(S3Target target, S3Fallback fallback = S3Fallback.None)
    {
        var delivery = new S3Delivery(target, fallback, TimeProvider.System, Logger);
        _deliveries.Add(delivery);
        return delivery;
    }

    /// <summary>Keys under the prefix of <paramref name="target"/>, which no rule of the tests refuses to list.</summary>
    public static async Task<IReadOnlyList<string>> KeysAsync(S3Target target)
    {
        using var client = S3Client.Create(target);
        var keys = new List<string>();
        string? next = null;
        do
        {
            var page = await client.ListObjectsV2Async(
                new()
                {
                    BucketName = S3Server.Bucket,
                    Prefix = target.Prefix,
                    ContinuationToken = next,
                },
                TestContext.Current.CancellationToken
            );
            keys.AddRange((page.S3Objects ?? []).Select(found => found.Key));
            next = page.NextContinuationToken;
        } while (next is not null);

        return keys;
    }

    /// <summary>The law of every failure: no object, no open upload, and nothing that could not be cleaned up.</summary>
    public async Task ShouldHoldNothingAsync(S3Target target)
    {
        (await KeysAsync(target)).ShouldBeEmpty();
        Proxy.OpenUploads.ShouldBeEmpty();
        Logger.Collector.GetSnapshot().Where(record => record.Level >= LogLevel.Error).ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var delivery in _deliveries)
        {
            delivery.Dispose();
        }

        Http.Dispose();
        await Proxy.DisposeAsync();
    }
}

/// <summary>One s3rver for all tests of a class; it starts with the first test that asks for it.</summary>
public sealed class S3ServerFixture : IAsyncDisposable
{
    private S3Server? _server;

    public async Task<S3Server> GetAsync(CancellationToken cancellationToken) =>
        _server ??= await S3Server.StartAsync(cancellationToken);

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
