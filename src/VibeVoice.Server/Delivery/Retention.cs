using Amazon.S3;
using Amazon.S3.Model;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Delivery;

/// <summary>Deletes old audio from the worker's bucket, under its own prefix only.</summary>
internal sealed partial class Retention(S3Target target, TimeProvider timeProvider, ILogger<Retention> logger)
{
    // The slash keeps 'vibevoice-other/' out of reach.
    private readonly string _prefix =
        target.Prefix.Trim('/').Length > 0
            ? target.Prefix.Trim('/') + "/"
            : throw new SettingsException("S3_PREFIX is empty: retention would delete everything in the bucket.");

    /// <summary>Deletes what is older than <paramref name="days"/> days.</summary>
    /// <param name="days">Age, 1 or more.</param>
    /// <param name="isDryRun">Only counts.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="S3FailedException">The bucket cannot be listed.</exception>
    public async Task<RetentionReport> RunAsync(int days, bool isDryRun, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(days, 1);
        using var client = S3Client.Create(target);
        var cutoff = timeProvider.GetUtcNow().UtcDateTime.AddDays(-days);
        var listing = new RetentionListing(client, target.Bucket, _prefix);
        var deleter = new ObjectDeleter(client, target);
        var (objects, bytes, uploads) = (0, 0L, 0);
        try
        {
            await foreach (var page in listing.ReadPagesAsync(cancellationToken))
            {
                var old = page.Where(one => IsOurs(one.Key) && one.LastModified < cutoff).ToList();
                if (!isDryRun)
                {
                    await deleter.DeleteAsync(old, cancellationToken);
                }

                objects += old.Count;
                bytes += old.Sum(one => one.Bytes);
            }

            await foreach (var upload in listing.ReadUploadsAsync(cancellationToken))
            {
                if (IsOurs(upload.Key) && upload.Initiated?.ToUniversalTime() < cutoff)
                {
                    uploads += isDryRun || await TryAbortAsync(client, upload, deleter, cancellationToken) ? 1 : 0;
                }
            }
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, cancellationToken))
        {
            throw S3Failure.Describe("Listing the bucket", exception, target);
        }

        return new RetentionReport(isDryRun)
        {
            Objects = isDryRun ? objects : deleter.Deleted,
            Bytes = isDryRun ? bytes : deleter.DeletedBytes,
            Uploads = uploads,
            Failures = deleter.Failures,
            FirstFailure = deleter.FirstFailure,
        };
    }

    /// <summary>
    /// For the start of a worker: runs unless another start did within a day, and turns every failure into a warning.
    /// </summary>
    /// <param name="stampPath">A file in the workspace that remembers the last run.</param>
    /// <param name="days">Age in days after which audio is deleted.</param>
    /// <param name="cancellationToken">Stops it quietly.</param>
    /// <returns>What was done; null where it did not run, or failed.</returns>
    public async Task<RetentionReport?> RunOncePerDayAsync(
        string stampPath,
        int days,
        CancellationToken cancellationToken
    )
    {
        var stamp = new DailyStamp(stampPath, timeProvider);
        if (!stamp.TryClaim())
        {
            return null;
        }

        try
        {
            var report = await RunAsync(days, isDryRun: false, cancellationToken);
            Log.Ran(logger, report, days);
            if (report.FirstFailure is { } failure)
            {
                Log.PartlyFailed(logger, report.Failures, failure);
            }

            return report;
        }
        catch (S3FailedException failure)
        {
            stamp.Release();
            Log.Failed(logger, failure.Message);
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            stamp.Release();
            return null;
        }
    }

    /// <summary>Whatever a store lists, nothing is deleted that does not lie under the prefix.</summary>
    private bool IsOurs(string key) => key.Length > _prefix.Length && key.StartsWith(_prefix, StringComparison.Ordinal);

    private async Task<bool> TryAbortAsync(
        AmazonS3Client client,
        MultipartUpload upload,
        ObjectDeleter deleter,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await client.AbortMultipartUploadAsync(target.Bucket, upload.Key, upload.UploadId, cancellationToken);
            return true;
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, cancellationToken))
        {
            deleter.AddFailure(S3Failure.Describe("Aborting an old upload", exception, target).Message);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Retention of {Days} days: {Report}.")]
        public static partial void Ran(ILogger logger, RetentionReport report, int days);

        [LoggerMessage(2, LogLevel.Warning, "Retention could not delete {Failures} objects. The first: {Reason}")]
        public static partial void PartlyFailed(ILogger logger, int failures, string reason);

        [LoggerMessage(3, LogLevel.Warning, "Retention did not run; the next start tries again. {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
