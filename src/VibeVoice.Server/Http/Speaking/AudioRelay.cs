using System.IO.Pipelines;
using VibeVoice.Server.Encoding;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>
/// Takes the encoded audio of one request as it is made, into a buffer that is bounded, so that a reader that is slow for a
/// moment holds nobody up. The slot is given back with the last byte made, not with the last byte read.
/// </summary>
/// <remarks>
/// A reader for whom the engine has waited too long has its connection cut. Kestrel's own least rate would not do: it
/// takes any pause for slowness, also of a player that has enough for now.
/// </remarks>
internal sealed class AudioRelay : IAsyncDisposable
{
    /// <summary>What the reader must take before the engine goes on.</summary>
    public const int StepBytes = 64 * 1024;

    private readonly Pipe _pipe;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _timeProvider;
    private readonly Action _cut;
    private readonly CancellationTokenSource _stop;
    private readonly Task _filling;
    private int _isCut;

    /// <param name="audio">Read at once, to its end.</param>
    /// <param name="slot">Given back when all is made.</param>
    /// <param name="options">Size of the buffer, and the patience.</param>
    /// <param name="timeProvider">Measures it.</param>
    /// <param name="cut">Cuts the connection; called once at most.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public AudioRelay(
        EncodedAudio audio,
        SpeechSlot slot,
        HttpOptions options,
        TimeProvider timeProvider,
        Action cut,
        CancellationToken cancellationToken
    )
    {
        _timeProvider = timeProvider;
        _cut = cut;
        _patience = TimeSpan.FromSeconds(options.SlowReaderSeconds);
        _pipe = new Pipe(
            new PipeOptions(
                pauseWriterThreshold: options.BufferBytes,
                resumeWriterThreshold: Math.Max(1, options.BufferBytes - StepBytes),
                useSynchronizationContext: false
            )
        );
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _filling = Task.Run(() => FillAsync(audio, slot, _stop.Token), CancellationToken.None);
    }

    /// <summary>The bytes; a failure of what makes them is thrown here.</summary>
    public PipeReader Audio => _pipe.Reader;

    /// <summary>Sends bytes on, to a reader who has a stated time for them.</summary>
    /// <exception cref="SlowReaderException">They were not taken.</exception>
    public async Task SendAsync(HttpResponse response, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (var rest = bytes; !rest.IsEmpty; )
        {
            var now = rest[..Math.Min(StepBytes, rest.Length)];
            var writing = response.Body.WriteAsync(now, cancellationToken);
            if (!writing.IsCompletedSuccessfully)
            {
                await PatientlyAsync(writing.AsTask(), cancellationToken);
            }

            rest = rest[now.Length..];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pipe.Reader.CompleteAsync();
        await _filling;
        _stop.Dispose();
    }

    /// <summary>Never throws: what fails is handed to the reader of the pipe.</summary>
    private async Task FillAsync(EncodedAudio audio, SpeechSlot slot, CancellationToken cancellationToken)
    {
        try
        {
            using (slot)
            {
                await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
                {
                    if (!await TryFillAsync(piece, cancellationToken))
                    {
                        break;
                    }
                }

                slot.IsSpoken = !cancellationToken.IsCancellationRequested;
            }

            await _pipe.Writer.CompleteAsync();
        }
#pragma warning disable CA1031 // A hand-over between tasks: the reader throws it again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await _pipe.Writer.CompleteAsync(exception);
        }
    }

    /// <summary>False where nobody reads any more.</summary>
    private async ValueTask<bool> TryFillAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        var writing = _pipe.Writer.WriteAsync(piece, cancellationToken);
        if (writing.IsCompletedSuccessfully)
        {
            return !(await writing).IsCompleted;
        }

        var waiting = writing.AsTask();
        await PatientlyAsync(waiting, cancellationToken);
        return !(await waiting).IsCompleted;
    }

    private async Task PatientlyAsync(Task writing, CancellationToken cancellationToken)
    {
        try
        {
            await writing.WaitAsync(_patience, _timeProvider, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            if (Interlocked.Exchange(ref _isCut, 1) == 0)
            {
                _cut();
            }

            throw new SlowReaderException(exception);
        }
    }
}
