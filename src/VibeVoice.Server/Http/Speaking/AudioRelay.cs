using System.IO.Pipelines;
using VibeVoice.Server.Encoding;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>
/// Takes the encoded audio of one request as it is made, into a buffer that is bounded, so that a reader that is slow for a
/// moment holds nobody up. The slot is given back with the last byte made, not with the last byte read.
/// </summary>
internal sealed class AudioRelay : IAsyncDisposable
{
    private readonly Pipe _pipe;
    private readonly ReaderPatience _patience;
    private readonly CancellationTokenSource _stop;
    private readonly Task _filling;

    /// <param name="audio">Read at once, to its end.</param>
    /// <param name="slot">Given back when all is made.</param>
    /// <param name="bufferBytes">What may wait for the reader.</param>
    /// <param name="patience">With the reader.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public AudioRelay(
        EncodedAudio audio,
        SpeechSlot slot,
        int bufferBytes,
        ReaderPatience patience,
        CancellationToken cancellationToken
    )
    {
        _patience = patience;
        _pipe = new Pipe(
            new PipeOptions(
                pauseWriterThreshold: bufferBytes,
                resumeWriterThreshold: Math.Max(1, bufferBytes - ReaderPatience.StepBytes),
                useSynchronizationContext: false
            )
        );
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _filling = Task.Run(() => FillAsync(audio, slot, _stop.Token), CancellationToken.None);
    }

    /// <summary>The bytes; a failure of what makes them is thrown here.</summary>
    public PipeReader Audio => _pipe.Reader;

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
        await _patience.WaitAsync(waiting, cancellationToken);
        return !(await waiting).IsCompleted;
    }
}
