using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace VibeVoice.Server.Delivery;

/// <summary>
/// Pages of what is stored under a prefix: versions and delete markers where the bucket keeps them, for without those
/// nothing would be saved; plain objects otherwise.
/// </summary>
internal sealed class RetentionListing(AmazonS3Client client, string bucket, string prefix)
{
    private bool _versionsCanBeListed = true;

    public async IAsyncEnumerable<IReadOnlyList<StoredObject>> ReadPagesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var keepsVersions = await KeepsVersionsAsync(cancellationToken);
        if (keepsVersions is not false)
        {
            var anyVersions = false;
            await foreach (var page in ReadVersionPagesAsync(cancellationToken))
            {
                anyVersions |= page.Count > 0;
                yield return page;
            }

            if (anyVersions || (keepsVersions is true && _versionsCanBeListed))
            {
                yield break;
            }
        }

        await foreach (var page in ReadObjectPagesAsync(cancellationToken))
        {
            yield return page;
        }
    }

    /// <summary>Uploads that were begun under the prefix; none where the store cannot list them.</summary>
    public async IAsyncEnumerable<MultipartUpload> ReadUploadsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var request = new ListMultipartUploadsRequest { BucketName = bucket, Prefix = prefix };
        while (true)
        {
            ListMultipartUploadsResponse response;
            try
            {
                response = await client.ListMultipartUploadsAsync(request, cancellationToken);
            }
            catch (AmazonS3Exception exception) when (IsNotOffered(exception))
            {
                yield break;
            }

            foreach (var upload in response.MultipartUploads ?? [])
            {
                yield return upload;
            }

            // A store that forgets to say where to go on would be asked for the same page for ever.
            if (
                response.IsTruncated is not true
                || string.IsNullOrEmpty(response.NextKeyMarker)
                || (
                    Same(response.NextKeyMarker, request.KeyMarker)
                    && Same(response.NextUploadIdMarker, request.UploadIdMarker)
                )
            )
            {
                yield break;
            }

            request.KeyMarker = response.NextKeyMarker;
            request.UploadIdMarker = response.NextUploadIdMarker;
        }
    }

    /// <summary>Null where the store does not tell: keys of narrow rights may list versions and not be told of them.</summary>
    private async Task<bool?> KeepsVersionsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var response = await client.GetBucketVersioningAsync(bucket, cancellationToken);
            var status = response.VersioningConfig?.Status;
            return status == VersionStatus.Enabled || status == VersionStatus.Suspended;
        }
        catch (AmazonS3Exception exception) when (IsNotOffered(exception))
        {
            return null;
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<StoredObject>> ReadVersionPagesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var request = new ListVersionsRequest { BucketName = bucket, Prefix = prefix };
        while (true)
        {
            ListVersionsResponse response;
            try
            {
                response = await client.ListVersionsAsync(request, cancellationToken);
            }
            catch (AmazonS3Exception exception) when (IsNotOffered(exception))
            {
                _versionsCanBeListed = false;
                yield break;
            }

            // Markers last: deleting one before the version it hides would bring the object back for a moment.
            yield return
            [
                .. (response.Versions ?? [])
                    .OrderBy(version => version.IsDeleteMarker is true)
                    .Select(version => new StoredObject(
                        version.Key,
                        version.VersionId,
                        version.Size ?? 0,
                        ToUtc(version.LastModified)
                    )),
            ];
            if (
                response.IsTruncated is not true
                || string.IsNullOrEmpty(response.NextKeyMarker)
                || (
                    Same(response.NextKeyMarker, request.KeyMarker)
                    && Same(response.NextVersionIdMarker, request.VersionIdMarker)
                )
            )
            {
                yield break;
            }

            request.KeyMarker = response.NextKeyMarker;
            request.VersionIdMarker = response.NextVersionIdMarker;
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<StoredObject>> ReadObjectPagesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix };
        while (true)
        {
            var response = await client.ListObjectsV2Async(request, cancellationToken);
            yield return
            [
                .. (response.S3Objects ?? []).Select(found => new StoredObject(
                    found.Key,
                    null,
                    found.Size ?? 0,
                    ToUtc(found.LastModified)
                )),
            ];
            if (
                response.IsTruncated is not true
                || string.IsNullOrEmpty(response.NextContinuationToken)
                || Same(response.NextContinuationToken, request.ContinuationToken)
            )
            {
                yield break;
            }

            request.ContinuationToken = response.NextContinuationToken;
        }
    }

    private static bool IsNotOffered(AmazonS3Exception exception) =>
        S3Failure.IsUnsupported(exception) || exception.StatusCode is HttpStatusCode.Forbidden;

    /// <summary>A time that a store left out counts as now: what has no age is kept.</summary>
    private static DateTime ToUtc(DateTime? time) => time?.ToUniversalTime() ?? DateTime.MaxValue;

    private static bool Same(string? left, string? right) => string.Equals(left, right, StringComparison.Ordinal);
}

/// <summary>Something in the bucket that can be deleted.</summary>
/// <param name="Key">Its key.</param>
/// <param name="VersionId">The version, in a bucket that keeps them; a marker of a deletion is one too.</param>
/// <param name="Bytes">Its size, 0 for markers.</param>
/// <param name="LastModified">When it was written, in UTC.</param>
internal readonly record struct StoredObject(string Key, string? VersionId, long Bytes, DateTime LastModified);
