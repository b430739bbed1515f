using System.Net;
using Amazon.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Installation;
using TextEncoding = System.Text.Encoding;

namespace VibeVoice.Server.Http.Jobs.Storage;

/// <summary>
/// A lease as an object that its holder rewrites every few seconds, each time in place of the version that it wrote before: who
/// finds another's has lost it. In a store that heeds no conditions the last to write has it, and everyone looks first.
/// </summary>
internal sealed class BucketLease(
    AmazonS3Client client,
    BucketConditions conditions,
    bool areHeeded,
    TimeProvider timeProvider
) : IJobLease
{
    /// <summary>Four beats.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan _beatInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long a rival needs to overwrite what it had not seen, in a store that heeds no conditions.</summary>
    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(1);

    private readonly string _owner = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly SemaphoreSlim _beating = new(1);
    private Task _beats = Task.CompletedTask;
    private string? _tag;
    private int _beat;
    private long _lastBeat;

    public required string Bucket { get; init; }

    public required string Key { get; init; }

    public CancellationToken Lost => _lost.Token;

    /// <summary>Takes it where there is none, or one that is dead.</summary>
    /// <param name="isDead">Judges what another wrote.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<bool> TryTakeAsync(Func<string, bool> isDead, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(cancellationToken);
        if (found is { } other && !isDead(other.Content))
        {
            return false;
        }

        if (!await TryWriteAsync(found?.Tag, cancellationToken))
        {
            return false;
        }

        if (!areHeeded)
        {
            await Task.Delay(_settling, timeProvider, cancellationToken);
            if (!await IsOursAsync(cancellationToken))
            {
                return false;
            }
        }

        _beats = BeatAsync();
        return true;
    }

    public async Task<bool> ConfirmAsync(CancellationToken cancellationToken)
    {
        await _beating.WaitAsync(cancellationToken);
        try
        {
            if ((areHeeded || await IsOursAsync(cancellationToken)) && await TryWriteAsync(_tag, cancellationToken))
            {
                return true;
            }
        }
        finally
        {
            _beating.Release();
        }

        await _lost.CancelAsync();
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beats.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (!_lost.IsCancellationRequested && await IsOursAsync(CancellationToken.None))
            {
                await client.DeleteObjectAsync(Bucket, Key, CancellationToken.None);
            }
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, CancellationToken.None))
        {
            // What is left goes stale and is taken over.
        }

        _stop.Dispose();
        _lost.Dispose();
        _beating.Dispose();
    }

    private async Task BeatAsync()
    {
        while (true)
        {
            await Task.Delay(_beatInterval, timeProvider, _stop.Token);
            try
            {
                if (!await ConfirmAsync(_stop.Token))
                {
                    return;
                }
            }
            catch (Exception exception) when (S3Failure.IsOne(exception, _stop.Token))
            {
                // The next may come through; once others may take it for dead, it is theirs.
                if (timeProvider.GetElapsedTime(_lastBeat) >= StaleAfter)
                {
                    await _lost.CancelAsync();
                    return;
                }
            }
        }
    }

    private async Task<bool> IsOursAsync(CancellationToken cancellationToken) =>
        await ReadAsync(cancellationToken) is { } found && IsOurs(found.Content);

    private bool IsOurs(string content) => content.StartsWith(_owner, StringComparison.Ordinal);

    private async Task<bool> TryWriteAsync(string? tag, CancellationToken cancellationToken)
    {
        var content = TextEncoding.ASCII.GetBytes($"{_owner} {_beat++:D10} {ProcessIdentity.Current}");
        var put = BucketConditions.Put(Bucket, Key, content);
        _tag = areHeeded
            ? await conditions.TryPutAsync(put, tag, cancellationToken)
            : (await client.PutObjectAsync(put, cancellationToken)).ETag;
        // Refused, it may still be ours: an attempt that succeeded, and whose answer was lost, is made again.
        if (_tag is null && await ReadAsync(cancellationToken) is { } found && IsOurs(found.Content))
        {
            _tag = found.Tag;
        }

        _lastBeat = timeProvider.GetTimestamp();
        return _tag is not null;
    }

    private async Task<(string Content, string Tag)?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetObjectAsync(Bucket, Key, cancellationToken);
            using var reader = new StreamReader(answer.ResponseStream, TextEncoding.ASCII);
            return (await reader.ReadToEndAsync(cancellationToken), answer.ETag);
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode is HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}
