using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace VibeVoice.Server.Http.Jobs.Storage;

/// <summary>Writes that a store makes only where nothing, or a known version, is there: whether it heeds them, and how they end.</summary>
internal sealed partial class BucketConditions(AmazonS3Client client, string bucket, string prefix, ILogger logger)
{
    private bool? _areHeeded;

    public static PutObjectRequest Put(string bucket, string key, ReadOnlyMemory<byte> content) =>
        new()
        {
            BucketName = bucket,
            Key = key,
            InputStream = new MemoryStream(content.ToArray()),
            UseChunkEncoding = false, // which R2 does not know
        };

    /// <summary>Asked of the store once: it must refuse to make what is there. Some take no notice and say nothing.</summary>
    public async Task<bool> AreHeededAsync(CancellationToken cancellationToken)
    {
        if (_areHeeded is { } known)
        {
            return known;
        }

        var key = $"{prefix}probe-{Guid.NewGuid():N}";
        try
        {
            _areHeeded =
                await TryPutAsync(Put(bucket, key, default), ifMatch: null, cancellationToken) is not null
                && await TryPutAsync(Put(bucket, key, default), ifMatch: null, cancellationToken) is null;
        }
        catch (AmazonS3Exception exception) when (Delivery.S3Failure.IsUnsupported(exception))
        {
            _areHeeded = false;
        }

        await client.DeleteObjectAsync(bucket, key, cancellationToken);
        if (_areHeeded is false)
        {
            Log.Unheeded(logger, bucket);
        }

        return _areHeeded.Value;
    }

    /// <summary>Writes an object where there is none, or in place of one version.</summary>
    /// <param name="put">What to write.</param>
    /// <param name="ifMatch">The version's tag; null where there must be none.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The tag of what was written; null where somebody else was first.</returns>
    public async Task<string?> TryPutAsync(PutObjectRequest put, string? ifMatch, CancellationToken cancellationToken)
    {
        put.IfMatch = ifMatch;
        put.IfNoneMatch = ifMatch is null ? "*" : null;
        try
        {
            return (await client.PutObjectAsync(put, cancellationToken)).ETag;
        }
        catch (AmazonS3Exception exception)
            when (exception.StatusCode
                    is HttpStatusCode.PreconditionFailed
                        or HttpStatusCode.Conflict
                        or HttpStatusCode.NotFound
            )
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The store of bucket '{Bucket}' does not heed If-None-Match, so two workers may speak the same job for a while; the "
                + "result is the same."
        )]
        public static partial void Unheeded(ILogger logger, string bucket);
    }
}
