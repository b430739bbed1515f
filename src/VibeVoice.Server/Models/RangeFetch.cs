using System.IO.Pipelines;

namespace VibeVoice.Server.Models;

/// <summary>One range of a file on its way here: read by one connection ahead of who writes it down.</summary>
internal sealed class RangeFetch
{
    private readonly BlobSource _source;
    private readonly Action<long> _onBytes;
    private readonly Pipe _pipe;
    private readonly long _end;
    private long _position;

    private RangeFetch(BlobSource source, long start, long end, int bufferBytes, Action<long> onBytes)
    {
        _source = source;
        _position = start;
        _end = end;
        _onBytes = onBytes;
        _pipe = new Pipe(
            new PipeOptions(
                pauseWriterThreshold: bufferBytes,
                resumeWriterThreshold: bufferBytes / 2,
                useSynchronizationContext: false
            )
        );
    }

    /// <summary>The bytes in their order, as they come; a failure is thrown by the reader.</summary>
    public PipeReader Content => _pipe.Reader;

    /// <summary>Ends when the fetching has; never fails.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Begins to fetch the bytes from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    /// <param name="source">The file.</param>
    /// <param name="start">In bytes.</param>
    /// <param name="end">In bytes; after <paramref name="start"/>.</param>
    /// <param name="bufferBytes">How far it may be ahead of its reader.</param>
    /// <param name="onBytes">Told how many bytes arrived, as they do.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static RangeFetch Start(
        BlobSource source,
        long start,
        long end,
        int bufferBytes,
        Action<long> onBytes,
        CancellationToken cancellationToken
    )
    {
        var fetch = new RangeFetch(source, start, end, bufferBytes, onBytes);
        fetch.Ended = Task.Run(() => fetch.RunAsync(cancellationToken), CancellationToken.None);
        return fetch;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            await _source.Retry.RunAsync(progressed => FetchAsync(progressed, cancellationToken), cancellationToken);
        }
#pragma warning disable CA1031 // A hand-over between threads: the reader throws it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        await _pipe.Writer.CompleteAsync(failure);
    }

    /// <summary>Goes on from where the last attempt was cut.</summary>
    private async Task<bool> FetchAsync(Action progressed, CancellationToken cancellationToken)
    {
        var (response, offset) = await _source.OpenAsync(_position, _end, cancellationToken);
        using (response)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            while (_position < _end)
            {
                var memory = _pipe.Writer.GetMemory(64 * 1024);
                var wanted = offset < _position ? _position - offset : _end - _position;
                var read = await ReadAsync(body, memory[..(int)Math.Min(memory.Length, wanted)], limit);
                if (offset < _position)
                {
                    // A server without ranges sends the beginning again, which we have.
                    offset += read;
                    continue;
                }

                _pipe.Writer.Advance(read);
                _position += read;
                offset = _position;
                _onBytes(read);
                progressed();
                await _pipe.Writer.FlushAsync(cancellationToken);
            }
        }

        return true;
    }

    private async Task<int> ReadAsync(Stream body, Memory<byte> memory, CancellationTokenSource limit)
    {
        limit.CancelAfter(HubClient.Patience);
        try
        {
            return await body.ReadAsync(memory, limit.Token) is > 0 and var read
                ? read
                : throw new HttpRequestException($"The connection ended before '{_source.File.Path}' was whole.");
        }
        catch (IOException exception)
        {
            // Told apart from a disk that fails: this one may be tried again.
            throw new HttpRequestException($"The connection broke: {exception.Message}", exception);
        }
    }
}
