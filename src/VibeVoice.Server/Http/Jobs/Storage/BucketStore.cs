using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Jobs.Storage;

/// <summary>Jobs in the worker's bucket, under <c>{S3_PREFIX}/jobs/</c> and nowhere else.</summary>
internal sealed partial class BucketStore : IJobStore
{
    private const string Open = "open";

    /// <summary>What is larger goes up in parts, each of which has the time that one request may take.</summary>
    private const int LargeBytes = 5 * 1024 * 1024;

    private const int MostReads = 6;

    /// <summary>Before the second read; before each further one it is twice as long.</summary>
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);

    private static readonly DeliveryRequest _samples = new("", AudioFormat.Pcm, new Dictionary<string, string>());

    private readonly S3Target _target;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly AmazonS3Client _client;
    private readonly string _prefix;
    private readonly BucketConditions _conditions;
    private readonly LeaseWatch _watch;

    public BucketStore(S3Target target, TimeProvider timeProvider, ILogger logger)
    {
        _target = target;
        _timeProvider = timeProvider;
        _logger = logger;
        _client = S3Client.Create(target);
        _prefix = $"{target.Prefix}/jobs/";
        _conditions = new BucketConditions(_client, target.Bucket, _prefix, logger);
        _watch = new LeaseWatch(BucketLease.StaleAfter, timeProvider);
    }

    public string Place => $"{_target}";

    /// <summary>Each look is a request that is paid for.</summary>
    public TimeSpan ScanInterval => TimeSpan.FromSeconds(15);

    public Task<byte[]?> ReadAsync(string id, string name, CancellationToken cancellationToken) =>
        GuardAsync("Reading", () => ReadWholeAsync(KeyOf(id, name), cancellationToken), cancellationToken);

    public Task WriteAsync(string id, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        content.Length > LargeBytes
            ? PublishAsync(id, name, WholeAudio(content), _samples with { JobId = id }, cancellationToken)
            : GuardAsync(
                "Writing",
                () => _client.PutObjectAsync(Put(KeyOf(id, name), content), cancellationToken),
                cancellationToken
            );

    public Task<bool> TryCreateAsync(
        string id,
        string name,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken
    ) =>
        GuardAsync(
            "Writing",
            async () =>
            {
                var key = KeyOf(id, name);
                return await _conditions.AreHeededAsync(cancellationToken)
                    ? await _conditions.TryPutAsync(Put(key, content), ifMatch: null, cancellationToken) is not null
                    : await TryCreateUnheededAsync(key, content, cancellationToken);
            },
            cancellationToken
        );

    public Task<Stream?> OpenAsync(string id, string name, CancellationToken cancellationToken) =>
        GuardAsync("Reading", () => FindAsync(KeyOf(id, name), cancellationToken), cancellationToken);

    public async Task<long> PublishAsync(
        string id,
        string name,
        EncodedAudio audio,
        DeliveryRequest request,
        CancellationToken cancellationToken
    )
    {
        using var upload = new S3Upload(_client, _target, KeyOf(id, name), request, _logger);
        try
        {
            await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
            {
                await upload.AddAsync(piece, cancellationToken);
            }

            await upload.CompleteAsync(audio.CompletedHead, cancellationToken);
            return upload.Bytes;
        }
        catch (S3FailedException failure)
        {
            await upload.AbandonAsync();
            throw new JobStoreException(failure.Message, failure);
        }
        catch
        {
            await upload.AbandonAsync();
            throw;
        }
    }

    public Task DeleteAsync(string id, string name, CancellationToken cancellationToken) =>
        GuardAsync(
            "Deleting",
            () => _client.DeleteObjectAsync(_target.Bucket, KeyOf(id, name), cancellationToken),
            cancellationToken
        );

    public Task RemoveAsync(string id, CancellationToken cancellationToken) =>
        GuardAsync(
            "Deleting",
            async () =>
            {
                await _client.DeleteObjectAsync(_target.Bucket, KeyOf(Open, id), cancellationToken);
                await _client.DeleteObjectAsync(_target.Bucket, KeyOf(id, JobFiles.Request), cancellationToken);
                // With every version, in a bucket that keeps them: nothing of the text stays.
                var deleter = new ObjectDeleter(_client, _target);
                var listing = new RetentionListing(_client, _target.Bucket, KeyOf(id, ""));
                await foreach (var page in listing.ReadPagesAsync(cancellationToken))
                {
                    await deleter.DeleteAsync(page, cancellationToken);
                }

                _watch.Forget(id);
                return deleter.FirstFailure is { } failure ? throw new IOException(failure) : true;
            },
            cancellationToken
        );

    public Task ListAsync(string id, CancellationToken cancellationToken) =>
        WriteAsync(Open, id, default, cancellationToken);

    public Task UnlistAsync(string id, CancellationToken cancellationToken) => DeleteAsync(Open, id, cancellationToken);

    public Task<IReadOnlyList<string>> ReadListAsync(CancellationToken cancellationToken) =>
        GuardAsync<IReadOnlyList<string>>(
            "Listing",
            async () =>
            {
                var found = await ListObjectsAsync(KeyOf(Open, ""), cancellationToken);
                return
                [
                    .. found
                        .OrderBy(one => one.LastModified)
                        .Select(one => one.Key[(one.Key.LastIndexOf('/') + 1)..])
                        .Where(JobId.IsOne),
                ];
            },
            cancellationToken
        );

    public Task<IReadOnlyList<KeptJob>> ReadAllAsync(CancellationToken cancellationToken) =>
        GuardAsync<IReadOnlyList<KeptJob>>(
            "Listing",
            async () =>
            {
                var found = await ListObjectsAsync(_prefix, cancellationToken);
                return
                [
                    .. found
                        .Select(one => (Id: one.Key[_prefix.Length..].Split('/')[0], At: TimeOf(one)))
                        .Where(one => JobId.IsOne(one.Id))
                        .GroupBy(one => one.Id, one => one.At, StringComparer.Ordinal)
                        .Select(job => new KeptJob(job.Key, job.Min())),
                ];
            },
            cancellationToken
        );

    public Task<IJobLease?> TryLeaseAsync(string id, CancellationToken cancellationToken) =>
        GuardAsync<IJobLease?>(
            "Taking up a job",
            async () =>
            {
                var areHeeded = await _conditions.AreHeededAsync(cancellationToken);
                var lease = new BucketLease(_client, _conditions, areHeeded, _timeProvider)
                {
                    Bucket = _target.Bucket,
                    Key = KeyOf(id, JobFiles.Lease),
                };
                var isTaken = await lease.TryTakeAsync(content => _watch.IsDead(id, content), cancellationToken);
                return isTaken ? lease : null;
            },
            cancellationToken
        );

    public PresignedFile? Presign(string id, string name)
    {
        var key = KeyOf(id, name);
        var (url, expiresAt) = S3Client.Presign(_client, _target, key);
        return new PresignedFile(url, expiresAt, _target.Bucket, key);
    }

    public void Dispose() => _client.Dispose();

    private static EncodedAudio WholeAudio(ReadOnlyMemory<byte> content) => new(new[] { content }.ToAsyncEnumerable());

    private string KeyOf(string id, string name) => $"{_prefix}{id}/{name}";

    private PutObjectRequest Put(string key, ReadOnlyMemory<byte> content) =>
        BucketConditions.Put(_target.Bucket, key, content);

    private async Task<bool> TryCreateUnheededAsync(
        string key,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken
    )
    {
        await using var found = await FindAsync(key, cancellationToken);
        if (found is not null)
        {
            return false;
        }

        await _client.PutObjectAsync(Put(key, content), cancellationToken);
        return true;
    }

    /// <summary>The SDK tries a request again, but not what it cannot read of an answer, as of an object that is just being replaced.</summary>
    private async Task<byte[]?> ReadWholeAsync(string key, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var isAnswered = false;
            try
            {
                await using var stream = await FindAsync(key, cancellationToken);
                if (stream is null)
                {
                    return null;
                }

                isAnswered = true;

                using var content = new MemoryStream();
                await stream.CopyToAsync(content, cancellationToken);
                return content.ToArray();
            }
            catch (Exception exception)
                when (attempt < MostReads
                    && !cancellationToken.IsCancellationRequested
                    && (isAnswered || !S3Failure.IsOne(exception, cancellationToken))
                )
            {
                await Task.Delay(_firstPause * (1 << (attempt - 1)), cancellationToken);
            }
        }
    }

    private async Task<Stream?> FindAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return (await _client.GetObjectAsync(_target.Bucket, key, cancellationToken)).ResponseStream;
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task<List<S3Object>> ListObjectsAsync(string prefix, CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = _target.Bucket, Prefix = prefix };
        var found = new List<S3Object>();
        while (true)
        {
            var page = await _client.ListObjectsV2Async(request, cancellationToken);
            found.AddRange(page.S3Objects ?? []);
            if (page.IsTruncated is not true || string.IsNullOrEmpty(page.NextContinuationToken))
            {
                return found;
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    /// <summary>What has no age is kept.</summary>
    private static DateTimeOffset TimeOf(S3Object found) =>
        found.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime()) : DateTimeOffset.MaxValue;

    private async Task<T> GuardAsync<T>(string action, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, cancellationToken))
        {
            throw new JobStoreException(S3Failure.Describe(action, exception, _target).Message, exception);
        }
    }
}
