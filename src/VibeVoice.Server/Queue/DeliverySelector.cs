using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;

namespace VibeVoice.Server.Queue;

/// <summary>Where each job's answer goes: the job's own bucket, else the worker's, else into the answer as base64.</summary>
/// <exception cref="Settings.SettingsException">A bucket is half set; thrown when the program starts.</exception>
internal sealed class DeliverySelector(
    DeliveryOptions options,
    EncodingOptions encoding,
    TimeProvider timeProvider,
    ILogger<S3Delivery> logger
) : IDisposable
{
    private readonly S3Delivery? _bucket = S3Target.FromOptions(options) is { } target
        ? new S3Delivery(target, options.S3Fallback, timeProvider, logger)
        : null;

    /// <summary>"to the bucket …" or "as base64", for the line that says the worker is ready.</summary>
    public string Description => _bucket is null ? "as base64" : $"to {_bucket.Target}";

    /// <summary>Chooses the delivery of one job; dispose what comes back.</summary>
    /// <exception cref="Speech.JobRejectedException">The answer would be far too large for base64.</exception>
    public JobDelivery For(string jobId, JobInput input)
    {
        if (input.Bucket is { } target)
        {
            return new JobDelivery(new S3Delivery(target, options.S3Fallback, timeProvider, logger), IsOwned: true);
        }

        if (_bucket is not null)
        {
            return new JobDelivery(_bucket, IsOwned: false);
        }

        var limit = AnswerLimits.ForJob(jobId);
        var request = input.Request;
        AnswerLimits.EnsureEstimateFits(request.Characters, request.Speed, request.Format, encoding, limit);
        return new JobDelivery(new Base64Delivery(limit), IsOwned: false);
    }

    public void Dispose() => _bucket?.Dispose();
}

/// <summary>The delivery of one job, closed with it unless all jobs share it.</summary>
internal readonly record struct JobDelivery(IDelivery Delivery, bool IsOwned) : IDisposable
{
    public void Dispose()
    {
        if (IsOwned)
        {
            (Delivery as IDisposable)?.Dispose();
        }
    }
}
