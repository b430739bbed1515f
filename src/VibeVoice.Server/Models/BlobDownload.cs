using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models;

/// <summary>
/// Fetches one blob: several ranges at once, written down in their order, so that what is there is always a beginning of the
/// file. A process that dies leaves a beginning, and the next one, or another tool that shares the cache, goes on from it.
/// </summary>
/// <param name="source">The file.</param>
/// <param name="progress">Counts the bytes.</param>
internal sealed class BlobDownload(BlobSource source, DownloadProgress progress)
{
    private const int Connections = 8;
    private const int RangeBytes = 8 * 1024 * 1024;
    private const int Attempts = 2;

    private HubFile Wanted => source.File;

    /// <summary>Where a blob grows until it is whole.</summary>
    public static string Incomplete(string path) => $"{path}.incomplete";

    /// <summary>Fetches what is missing, checks the whole, and gives it its name.</summary>
    /// <param name="path">The blob's path; its folder exists.</param>
    /// <exception cref="SpeechFailedException">The hub fails for good, or what comes is not what it promised.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task RunAsync(string path, CancellationToken cancellationToken)
    {
        var part = Incomplete(path);
        var found = "";
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            found = await FetchAsync(part, cancellationToken);
            if (found == Wanted.ETag || found.Length == 0)
            {
                File.Move(part, path, overwrite: true);
                return;
            }

            // The beginning may be bad that an earlier process left: once more, from nothing.
            File.Delete(part);
            progress.Lose(Wanted.Bytes);
        }

        throw new SpeechFailedException(
            $"'{Wanted.Path}' came with the checksum {found}, but the hub promised {Wanted.ETag}; it was fetched twice and thrown "
                + "away. Try again later, and look whether a proxy or a mirror changes what passes through it."
        );
    }

    /// <summary>Returns the checksum of the whole; empty where the tag is none.</summary>
    private async Task<string> FetchAsync(string part, CancellationToken cancellationToken)
    {
        await using var target = new FileStream(
            part,
            new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.Asynchronous,
            }
        );
        if (target.Length > Wanted.Bytes)
        {
            target.SetLength(0);
        }

        var found = target.Length;
        using var hash = new BlobHash(Wanted.ETag, Wanted.Bytes);
        await hash.AppendAsync(target, found, cancellationToken);
        progress.Find(found);
        await AppendRangesAsync(target, found, hash, cancellationToken);
        target.Flush(flushToDisk: true);
        return hash.Finish();
    }

    private async Task AppendRangesAsync(
        FileStream target,
        long next,
        BlobHash hash,
        CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var fetches = new Queue<RangeFetch>();
        try
        {
            while (next < Wanted.Bytes || fetches.Count > 0)
            {
                while (next < Wanted.Bytes && fetches.Count < (source.IgnoresRanges ? 1 : Connections))
                {
                    var end = source.IgnoresRanges ? Wanted.Bytes : Math.Min(next + RangeBytes, Wanted.Bytes);
                    fetches.Enqueue(RangeFetch.Start(source, next, end, RangeBytes + 1, progress.Add, stop.Token));
                    next = end;
                }

                await AppendAsync(fetches.Peek(), target, hash, cancellationToken);
                fetches.Dequeue();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(fetches.Select(fetch => fetch.Ended));
        }
    }

    private static async Task AppendAsync(
        RangeFetch fetch,
        FileStream target,
        BlobHash hash,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var result = await fetch.Content.ReadAsync(cancellationToken);
            foreach (var memory in result.Buffer)
            {
                hash.Append(memory.Span);
                await target.WriteAsync(memory, cancellationToken);
            }

            fetch.Content.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                await fetch.Content.CompleteAsync();
                return;
            }
        }
    }
}
