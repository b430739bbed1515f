using Amazon.S3;
using Amazon.S3.Model;

namespace VibeVoice.Server.Delivery;

/// <summary>Deletes many objects: a thousand in one request, or one by one in a store that refuses that.</summary>
internal sealed class ObjectDeleter(AmazonS3Client client, S3Target target)
{
    private const int BatchSize = 1000;
    private const int SingleDeletesAtOnce = 8;

    private readonly Lock _lock = new();
    private bool _batchesAreRefused;

    public int Deleted { get; private set; }

    public long DeletedBytes { get; private set; }

    public int Failures { get; private set; }

    public string? FirstFailure { get; private set; }

    public async Task DeleteAsync(IReadOnlyList<StoredObject> objects, CancellationToken cancellationToken)
    {
        foreach (var batch in objects.Chunk(BatchSize))
        {
            if (_batchesAreRefused || !await TryDeleteBatchAsync(batch, cancellationToken))
            {
                await Parallel.ForEachAsync(
                    batch,
                    new ParallelOptions
                    {
                        MaxDegreeOfParallelism = SingleDeletesAtOnce,
                        CancellationToken = cancellationToken,
                    },
                    DeleteOneAsync
                );
            }
        }
    }

    /// <summary>Counts something that could not be deleted.</summary>
    public void AddFailure(string reason, int count = 1)
    {
        lock (_lock)
        {
            Failures += count;
            FirstFailure ??= reason;
        }
    }

    private async Task<bool> TryDeleteBatchAsync(StoredObject[] batch, CancellationToken cancellationToken)
    {
        var request = new DeleteObjectsRequest
        {
            BucketName = target.Bucket,
            Objects = [.. batch.Select(one => new KeyVersion { Key = one.Key, VersionId = one.VersionId })],
            Quiet = true,
        };
        try
        {
            await client.DeleteObjectsAsync(request, cancellationToken);
            Count(batch);
        }
        catch (DeleteObjectsException exception)
        {
            CountPartly(batch, exception.Response.DeleteErrors ?? []);
        }
        catch (AmazonS3Exception exception) when (S3Failure.IsUnsupported(exception))
        {
            // The SDK sends a CRC32 where some stores want an MD5, and some know no batches at all.
            _batchesAreRefused = true;
            return false;
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, cancellationToken))
        {
            AddFailure(S3Failure.Describe("Deleting old objects", exception, target).Message, batch.Length);
        }

        return true;
    }

    private async ValueTask DeleteOneAsync(StoredObject one, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteObjectAsync(
                new DeleteObjectRequest
                {
                    BucketName = target.Bucket,
                    Key = one.Key,
                    VersionId = one.VersionId,
                },
                cancellationToken
            );
            Count([one]);
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, cancellationToken))
        {
            AddFailure(S3Failure.Describe("Deleting an old object", exception, target).Message);
        }
    }

    private void CountPartly(StoredObject[] batch, List<DeleteError> errors)
    {
        var failed = errors.Select(error => (error.Key, VersionOf(error.VersionId))).ToHashSet();
        Count([.. batch.Where(one => !failed.Contains((one.Key, VersionOf(one.VersionId))))]);
        if (errors is [var first, ..])
        {
            AddFailure($"S3 did not delete '{first.Key}' of {target}: {first.Code}: {first.Message}", errors.Count);
        }
    }

    // Stores may answer a delete without a version by 'null', in words.
    private static string VersionOf(string? versionId) => versionId is null or "null" ? "" : versionId;

    private void Count(StoredObject[] objects)
    {
        lock (_lock)
        {
            Deleted += objects.Length;
            DeletedBytes += objects.Sum(one => one.Bytes);
        }
    }
}
