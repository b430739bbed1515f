namespace VibeVoice.Server.Http.Speaking;

/// <summary>How long a reader may leave what waits for it; one that takes too long has its connection cut.</summary>
/// <remarks>
/// Kestrel's own least rate would not do: it takes any pause for slowness, also of a player that has enough for now.
/// </remarks>
/// <param name="options">The patience.</param>
/// <param name="timeProvider">Measures it.</param>
/// <param name="cut">Cuts the connection; called once at most.</param>
internal sealed class ReaderPatience(HttpOptions options, TimeProvider timeProvider, Action cut)
{
    /// <summary>What the reader must take within the time.</summary>
    public const int StepBytes = 64 * 1024;

    private readonly TimeSpan _patience = TimeSpan.FromSeconds(options.SlowReaderSeconds);
    private int _isCut;

    /// <summary>Waits until something has been taken.</summary>
    /// <exception cref="SlowReaderException">It was not.</exception>
    public async Task WaitAsync(Task writing, CancellationToken cancellationToken)
    {
        try
        {
            await writing.WaitAsync(_patience, timeProvider, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            if (writing.IsCompleted)
            {
                await writing; // just now
                return;
            }

            if (Interlocked.Exchange(ref _isCut, 1) == 0)
            {
                cut();
            }

            throw new SlowReaderException(exception);
        }
    }

    /// <summary>Sends bytes as the body of an answer.</summary>
    /// <exception cref="SlowReaderException">They were not taken.</exception>
    public async Task SendAsync(HttpResponse response, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (var rest = bytes; !rest.IsEmpty; )
        {
            var now = rest[..Math.Min(StepBytes, rest.Length)];
            var writing = response.Body.WriteAsync(now, cancellationToken);
            if (!writing.IsCompletedSuccessfully)
            {
                await WaitAsync(writing.AsTask(), cancellationToken);
            }

            rest = rest[now.Length..];
        }
    }
}
