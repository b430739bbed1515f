using Amazon.S3;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Delivery;

/// <summary>Puts the file into a bucket while it is being made, and answers with a URL that reads it.</summary>
/// <remarks>Safe for several jobs at once.</remarks>
internal sealed partial class S3Delivery(
    S3Target target,
    S3Fallback fallback,
    TimeProvider timeProvider,
    ILogger<S3Delivery> logger
) : IDelivery, IDisposable
{
    private static readonly TimeSpan _discardDeadline = TimeSpan.FromSeconds(10);

    private readonly AmazonS3Client _client = S3Client.Create(target);

    public S3Target Target => target;

    public bool HeadCanBeCompleted => true;

    public async Task<DeliveredAudio> DeliverAsync(
        DeliveryRequest request,
        EncodedAudio audio,
        CancellationToken cancellationToken
    )
    {
        var key = S3ObjectKey.For(target, request.JobId, request.Format, timeProvider.GetUtcNow());
        var limitBytes = AnswerLimits.ForJob(request.JobId);
        var collector = fallback is S3Fallback.Base64 ? new AudioCollector(AnswerLimits.AudioBytes(limitBytes)) : null;
        S3FailedException? failure = null;
        using var upload = new S3Upload(_client, target, key, request, logger);
        try
        {
            await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
            {
                collector?.Add(piece.Span);
                failure ??= await TryAsync(() => upload.AddAsync(piece, cancellationToken));
                ThrowUnlessAnswerable(failure, collector, request.Format, limitBytes);
            }

            failure ??= await TryAsync(() => upload.CompleteAsync(audio.CompletedHead, cancellationToken));
            ThrowUnlessAnswerable(failure, collector, request.Format, limitBytes);
            if (failure is null)
            {
                var (url, expiresAt) = S3Client.Presign(_client, target, key);
                Log.Uploaded(logger, upload.Bytes, key);
                return new DeliveredAudio
                {
                    AudioUrl = url,
                    Bytes = upload.Bytes,
                    Bucket = target.Bucket,
                    Key = key,
                    VersionId = upload.VersionId,
                    ExpiresAt = expiresAt,
                };
            }
        }
        catch
        {
            await upload.AbandonAsync();
            throw;
        }

        await upload.AbandonAsync();
        Log.FellBack(logger, failure.Message);
        return new DeliveredAudio
        {
            AudioBase64 = collector!.ToBase64(audio.CompletedHead.Span),
            Bytes = collector.Bytes,
            Warnings = [$"The audio is in the answer instead of the bucket. {failure.Message}"],
        };
    }

    public async Task DiscardAsync(DeliveredAudio delivered, CancellationToken cancellationToken)
    {
        if (delivered.Key is not { } key)
        {
            return; // fallen back to base64: nothing is in the bucket
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_discardDeadline);
        await new S3Leftovers(_client, target, logger).DeleteAsync(
            key,
            delivered.VersionId,
            wasRefused: false,
            deadline.Token
        );
    }

    public void Dispose() => _client.Dispose();

    private static async Task<S3FailedException?> TryAsync(Func<Task> step)
    {
        try
        {
            await step();
            return null;
        }
        catch (S3FailedException failure)
        {
            return failure;
        }
    }

    /// <summary>A failed upload ends the job, unless the file can still go into the answer.</summary>
    private static void ThrowUnlessAnswerable(
        S3FailedException? failure,
        AudioCollector? collector,
        AudioFormat format,
        long limitBytes
    )
    {
        if (failure is null)
        {
            return;
        }

        if (collector is null)
        {
            throw new SpeechFailedException(failure.Message, failure);
        }

        if (!collector.Fits)
        {
            throw new SpeechFailedException(
                $"{failure.Message} The audio cannot go into the answer instead: it has more than "
                    + $"{AnswerLimits.Megabytes(AnswerLimits.AudioBytes(limitBytes))} of {format.Name}, over RunPod's limit.",
                failure
            );
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Answering with base64, since the upload failed. {Reason}")]
        public static partial void FellBack(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Debug, "Uploaded {Bytes} bytes as '{Key}'.")]
        public static partial void Uploaded(ILogger logger, long bytes, string key);
    }
}
