using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using CliWrap;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Encoding;

/// <summary>One ffmpeg child: samples in, pieces of the file out. Lives as long as its enumeration.</summary>
/// <remarks>
/// Three things run at once: feeding the child, collecting what it writes, and the reader of the pieces. Every buffer
/// between them is bounded, so a slow reader holds up the frames. Whatever ends first ends the others.
/// </remarks>
internal sealed class FfmpegRun(
    ChildProgram ffmpeg,
    IReadOnlyList<string> arguments,
    IAsyncEnumerable<AudioFrame> frames
)
{
    private const int BufferBytes = 64 * 1024;

    private readonly LastWords _lastWords = new();
    private readonly Pipe _output = new(
        new PipeOptions(
            minimumSegmentSize: BufferBytes,
            pauseWriterThreshold: BufferBytes,
            resumeWriterThreshold: BufferBytes / 2,
            useSynchronizationContext: false
        )
    );

    private bool _allSamplesTaken;
    private ExceptionDispatchInfo? _framesFailure;

    /// <summary>Starts the child and hands on what it writes. Enumerate once.</summary>
    /// <exception cref="SpeechFailedException">The child could not be started or failed.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var kill = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = RunAsync(kill);
        try
        {
            var isEmpty = true;
            while (true)
            {
                var read = await _output.Reader.ReadAsync(cancellationToken);
                foreach (var segment in read.Buffer)
                {
                    if (!segment.IsEmpty)
                    {
                        isEmpty = false;
                        yield return segment;
                    }
                }

                _output.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            // Throws where the child or the frames failed: what was handed on is then not a valid file.
            await running;
            if (isEmpty)
            {
                throw ffmpeg.Failure("ended without writing anything", _lastWords);
            }
        }
        finally
        {
            await kill.CancelAsync();
            await _output.Reader.CompleteAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The same where the arguments name a file to write: nothing comes out here.</summary>
    /// <exception cref="SpeechFailedException">The child could not be started or failed; its file is not valid.</exception>
    public async Task WriteFileAsync(CancellationToken cancellationToken)
    {
        using var kill = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await RunAsync(kill);
    }

    private async Task RunAsync(CancellationTokenSource kill)
    {
        var feeding = Task.CompletedTask;
        var command = ffmpeg
            .With(arguments)
            .WithStandardInputPipe(
                PipeSource.Create(
                    (input, childEnded) =>
                        // On a thread of its own: frames may be computed without ever yielding. Kept
                        // because CliWrap stops waiting for it when the child ends.
                        feeding = Task.Run(() => FeedAsync(input, kill, childEnded), CancellationToken.None)
                )
            )
            .WithStandardOutputPipe(PipeTarget.Create((output, stop) => output.CopyToAsync(_output.Writer, stop)))
            .WithStandardErrorPipe(_lastWords.Target);
        try
        {
            var exitCode = await ffmpeg.RunAsync(command, kill.Token);
            await feeding;
            _framesFailure?.Throw();
            if (exitCode != 0)
            {
                throw ffmpeg.Failure(exitCode, _lastWords);
            }

            if (!_allSamplesTaken)
            {
                throw ffmpeg.Failure("ended before it had taken all samples", _lastWords);
            }
        }
        catch (OperationCanceledException) when (kill.IsCancellationRequested)
        {
            await feeding;
            _framesFailure?.Throw();
            throw;
        }
        finally
        {
            await _output.Writer.CompleteAsync();
        }
    }

    /// <summary>Gives the child all samples. Never throws: a failure of the frames is kept, and kills the child.</summary>
    /// <remarks>CliWrap swallows some exceptions of an input pipe, and would let the child end as if all were well.</remarks>
    private async Task FeedAsync(Stream input, CancellationTokenSource kill, CancellationToken childEnded)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await foreach (var frame in frames.WithCancellation(childEnded))
            {
                if (!await TryWriteAsync(input, frame.Samples, buffer, childEnded))
                {
                    return;
                }
            }

            _allSamplesTaken = true;
        }
        catch (Exception exception)
        {
            // A hand-over between threads: the reader of the pieces rethrows it. Once the child has ended or was
            // stopped, frames that break off are a consequence and not the cause.
            if (!childEnded.IsCancellationRequested)
            {
                _framesFailure = ExceptionDispatchInfo.Capture(exception);
                await kill.CancelAsync();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Writes samples as float32, little-endian. False where the child reads no more: its exit says why.</summary>
    private static async Task<bool> TryWriteAsync(
        Stream input,
        ReadOnlyMemory<float> samples,
        byte[] buffer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            for (var rest = samples; !rest.IsEmpty; )
            {
                var now = rest[..Math.Min(rest.Length, buffer.Length / sizeof(float))];
                MemoryMarshal.AsBytes(now.Span).CopyTo(buffer);
                await input.WriteAsync(buffer.AsMemory(0, now.Length * sizeof(float)), cancellationToken);
                rest = rest[now.Length..];
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return false;
        }
    }
}
