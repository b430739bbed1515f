using Amazon.S3;
using Amazon.S3.Model;

namespace VibeVoice.Server.Delivery;

/// <summary>Removes what one key left in a bucket. Never throws: what stays behind is logged, for people to find.</summary>
internal sealed partial class S3Leftovers(AmazonS3Client client, S3Target target, ILogger logger)
{
    /// <summary>Aborts an upload and any other of the same key: the id may never have arrived.</summary>
    /// <param name="wasRefused">
    /// The store said no in the end, so most likely there is nothing, and a no to this is no news.
    /// </param>
    public async Task AbortAsync(string key, string? uploadId, bool wasRefused, CancellationToken cancellationToken)
    {
        try
        {
            if (uploadId is not null)
            {
                await AbortOneAsync(key, uploadId, cancellationToken);
            }
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            Log.UploadStays(logger, S3Failure.Describe("Aborting the upload", exception, target).Message, key);
        }

        try
        {
            // Also where one is known: another may have been begun before it, by a try whose answer was lost.
            foreach (var id in await FindUploadsAsync(key, cancellationToken))
            {
                await AbortOneAsync(key, id, cancellationToken);
            }
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            // Not every store lists uploads; that is news only where there most likely is one.
            if (uploadId is null && !(wasRefused && S3Failure.IsRefusal(exception)))
            {
                Log.UploadStays(logger, S3Failure.Describe("Looking for the upload", exception, target).Message, key);
            }
        }
    }

    /// <summary>Deletes the object, in a bucket that keeps versions for good.</summary>
    /// <param name="wasRefused">As above.</param>
    public async Task DeleteAsync(string key, string? versionId, bool wasRefused, CancellationToken cancellationToken)
    {
        try
        {
            var response = await client.DeleteObjectAsync(
                new DeleteObjectRequest
                {
                    BucketName = target.Bucket,
                    Key = key,
                    VersionId = versionId,
                },
                cancellationToken
            );
            if (versionId is null && response.VersionId is not null)
            {
                // Only a marker was added: the audio is still there, and paid for.
                await DeleteVersionsAsync(key, cancellationToken);
            }
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            if (!(wasRefused && S3Failure.IsRefusal(exception)))
            {
                Log.ObjectStays(logger, S3Failure.Describe("Deleting the object", exception, target).Message, key);
            }
        }
    }

    private async Task AbortOneAsync(string key, string uploadId, CancellationToken cancellationToken)
    {
        try
        {
            await client.AbortMultipartUploadAsync(target.Bucket, key, uploadId, cancellationToken);
        }
        catch (AmazonS3Exception exception) when (exception.ErrorCode is "NoSuchUpload")
        {
            // Completed, or aborted by an attempt whose answer was lost: there is nothing left.
        }
    }

    private async Task<IReadOnlyList<string>> FindUploadsAsync(string key, CancellationToken cancellationToken)
    {
        var response = await client.ListMultipartUploadsAsync(
            new ListMultipartUploadsRequest { BucketName = target.Bucket, Prefix = key },
            cancellationToken
        );
        return
        [
            .. (response.MultipartUploads ?? [])
                .Where(upload => string.Equals(upload.Key, key, StringComparison.Ordinal))
                .Select(upload => upload.UploadId),
        ];
    }

    private async Task DeleteVersionsAsync(string key, CancellationToken cancellationToken)
    {
        var response = await client.ListVersionsAsync(
            new ListVersionsRequest { BucketName = target.Bucket, Prefix = key },
            cancellationToken
        );
        foreach (var version in response.Versions ?? [])
        {
            if (string.Equals(version.Key, key, StringComparison.Ordinal))
            {
                await client.DeleteObjectAsync(target.Bucket, key, version.VersionId, cancellationToken);
            }
        }
    }

    private static bool IsFailure(Exception exception) =>
        exception is OperationCanceledException || S3Failure.IsOne(exception, CancellationToken.None);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "An open upload may stay behind under '{Key}'. {Reason}")]
        public static partial void UploadStays(ILogger logger, string reason, string key);

        [LoggerMessage(2, LogLevel.Error, "An object of a failed job may stay behind under '{Key}'. {Reason}")]
        public static partial void ObjectStays(ILogger logger, string reason, string key);
    }
}
