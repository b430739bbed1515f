using Amazon.S3;
using Amazon.S3.Model;

namespace VibeVoice.Server.Delivery;

/// <summary>
/// One file on its way into a bucket: a single put when it is small, otherwise parts that are sent while the rest is
/// being made. The first part waits for the end, since the file's head may change then. At most three parts are in
/// memory: the first, the one that is filled, and the one that is sent.
/// </summary>
/// <remarks>All methods throw <see cref="S3FailedException"/>. Used by one caller at a time.</remarks>
internal sealed partial class S3Upload(
    AmazonS3Client client,
    S3Target target,
    string key,
    DeliveryRequest request,
    ILogger logger
) : IDisposable
{
    // The least that S3 allows, and the same for all parts but the last, as R2 demands.
    private const int PartBytes = 5 * 1024 * 1024;
    private static readonly TimeSpan _abandonDeadline = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly PartBuffer _first = new(PartBytes);
    private readonly List<PartETag> _sent = [];
    private readonly S3Traces _traces = new();
    private PartBuffer? _filling;
    private PartBuffer? _spare;
    private Task _sending = Task.CompletedTask;

    /// <summary>Bytes taken so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>The version that was written, where the bucket keeps versions.</summary>
    public string? VersionId => _traces.VersionId;

    /// <summary>Takes the next bytes; sends a part where one is full.</summary>
    public async Task AddAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (_sending.IsFaulted)
        {
            await _sending.WaitAsync(cancellationToken); // now rather than five megabytes of audio later
        }

        Bytes += piece.Length;
        piece = _first.Fill(piece);
        while (!piece.IsEmpty)
        {
            if (_filling is null)
            {
                _filling = new PartBuffer(PartBytes);
                _sending = InitiateAsync();
            }
            else if (_filling.IsFull)
            {
                await SendFilledAsync(cancellationToken);
            }

            piece = _filling.Fill(piece);
        }

        if (_filling is { IsFull: true } && _sending.IsCompleted)
        {
            await SendFilledAsync(cancellationToken);
        }
    }

    /// <summary>Sends what is left and makes the object appear.</summary>
    public async Task CompleteAsync(ReadOnlyMemory<byte> completedHead, CancellationToken cancellationToken)
    {
        _first.Patch(completedHead);
        if (_filling is null)
        {
            _sending = PutAsync();
            await _sending.WaitAsync(cancellationToken);
            return;
        }

        await _sending.WaitAsync(cancellationToken);
        if (_filling.Length > 0)
        {
            await SendPartAsync(_filling, _sent.Count + 2, cancellationToken);
        }

        await SendPartAsync(_first, 1, cancellationToken);
        _sending = FinishAsync();
        await _sending.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Leaves nothing behind: no open upload, no object. Has a deadline of its own and never throws; what it could not
    /// remove is logged.
    /// </summary>
    public async Task AbandonAsync()
    {
        await _stop.CancelAsync();
        // What makes an upload or an object is never cut short by the job: a store that was told goes on by itself, and
        // what it makes after it was asked to delete it would stay.
        _giveUp.CancelAfter(_abandonDeadline);
        await _sending.WaitAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        using var deadline = new CancellationTokenSource(_abandonDeadline);
        await _traces.RemoveAsync(new S3Leftovers(client, target, logger), key, deadline.Token);
    }

    public void Dispose()
    {
        _stop.Dispose();
        _giveUp.Dispose();
    }

    private async Task InitiateAsync()
    {
        var initiate = new InitiateMultipartUploadRequest
        {
            BucketName = target.Bucket,
            Key = key,
            ContentType = request.Format.ContentType,
        };
        S3Metadata.AddTo(initiate.Metadata, request.Labels);
        _traces.UploadMayExist = true;
        try
        {
            var response = await client.InitiateMultipartUploadAsync(initiate, _giveUp.Token);
            _traces.UploadId = response.UploadId;
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, _giveUp.Token))
        {
            _traces.WasRefused = S3Failure.IsRefusal(exception);
            throw S3Failure.Describe("Starting the upload", exception, target);
        }
    }

    /// <summary>Starts sending the part that is full, as soon as the one before it is there.</summary>
    private async Task SendFilledAsync(CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        var full = _filling!;
        _filling = _spare ?? new PartBuffer(PartBytes);
        _filling.Clear();
        _spare = full;
        _sending = SendPartAsync(full, _sent.Count + 2, _stop.Token);
    }

    private async Task SendPartAsync(PartBuffer part, int number, CancellationToken cancellationToken)
    {
        try
        {
            var response = await client.UploadPartAsync(
                new UploadPartRequest
                {
                    BucketName = target.Bucket,
                    Key = key,
                    UploadId = _traces.UploadId,
                    PartNumber = number,
                    PartSize = part.Length,
                    InputStream = part.OpenRead(),
                    // R2 does not know the SDK's signed chunks; the body is signed as a whole instead.
                    UseChunkEncoding = false,
                },
                cancellationToken
            );
            _sent.Add(new PartETag(number, response.ETag));
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, cancellationToken))
        {
            throw S3Failure.Describe($"Uploading part {number}", exception, target);
        }
    }

    private async Task FinishAsync()
    {
        _traces.ObjectMayExist = true;
        try
        {
            var response = await client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest
                {
                    BucketName = target.Bucket,
                    Key = key,
                    UploadId = _traces.UploadId,
                    PartETags = [.. _sent.OrderBy(part => part.PartNumber)],
                },
                _giveUp.Token
            );
            _traces.VersionId = response.VersionId;
        }
        catch (AmazonS3Exception exception) when (exception.ErrorCode is "NoSuchUpload")
        {
            // The answer of a first attempt was lost, and the second finds the upload completed.
            if (!await IsThereAsync())
            {
                throw S3Failure.Describe("Completing the upload", exception, target);
            }
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, _giveUp.Token))
        {
            throw S3Failure.Describe("Completing the upload", exception, target);
        }

        _traces.UploadMayExist = false;
    }

    private async Task<bool> IsThereAsync()
    {
        try
        {
            var found = await client.GetObjectMetadataAsync(target.Bucket, key, _giveUp.Token);
            _traces.VersionId = found.VersionId;
            return found.ContentLength == Bytes;
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, _giveUp.Token))
        {
            return false;
        }
    }

    private async Task PutAsync()
    {
        var put = new PutObjectRequest
        {
            BucketName = target.Bucket,
            Key = key,
            ContentType = request.Format.ContentType,
            InputStream = _first.OpenRead(),
            UseChunkEncoding = false,
        };
        S3Metadata.AddTo(put.Metadata, request.Labels);
        _traces.ObjectMayExist = true;
        try
        {
            _traces.VersionId = (await client.PutObjectAsync(put, _giveUp.Token)).VersionId;
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, _giveUp.Token))
        {
            _traces.WasRefused = S3Failure.IsRefusal(exception);
            throw S3Failure.Describe("Uploading", exception, target);
        }
    }
}
