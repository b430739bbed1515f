using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CliWrap;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Encoding;

/// <summary>Decodes audio files by ffmpeg, as frames and never as a whole. Thread-safe.</summary>
internal sealed class AudioFileReader(EncodingOptions options)
{
    private const int FrameBytes = 64 * 1024;

    private readonly ChildProgram _ffmpeg = new(options.FfmpegPath, "FFMPEG_PATH");

    /// <summary>The samples of a file, mono.</summary>
    /// <param name="path">A file of any format that ffmpeg knows.</param>
    /// <param name="sampleRateHz">Of the frames.</param>
    /// <param name="cancellationToken">Kills the child.</param>
    /// <exception cref="SpeechFailedException">It is no audio, or broken in a way that ffmpeg does not forgive.</exception>
    public async IAsyncEnumerable<AudioFrame> ReadAsync(
        string path,
        int sampleRateHz,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 * FrameBytes, useSynchronizationContext: false));
        var decoding = DecodeAsync(path, sampleRateHz, pipe.Writer, stop.Token);
        try
        {
            while (true)
            {
                var read = await pipe.Reader.ReadAtLeastAsync(FrameBytes, cancellationToken);
                var samples = new float[Math.Min(read.Buffer.Length, FrameBytes) / sizeof(float)];
                if (samples.Length == 0)
                {
                    break;
                }

                var taken = read.Buffer.Slice(0, samples.Length * sizeof(float));
                taken.CopyTo(MemoryMarshal.AsBytes(samples.AsSpan()));
                pipe.Reader.AdvanceTo(taken.End);
                yield return new AudioFrame(samples, sampleRateHz);
            }

            await decoding;
        }
        finally
        {
            await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await decoding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DecodeAsync(
        string path,
        int sampleRateHz,
        PipeWriter output,
        CancellationToken cancellationToken
    )
    {
        var lastWords = new LastWords();
        var command = _ffmpeg
            .With(FfmpegArguments.ToSamples(path, sampleRateHz))
            .WithStandardOutputPipe(PipeTarget.ToStream(output.AsStream(leaveOpen: true)))
            .WithStandardErrorPipe(lastWords.Target);
        try
        {
            var exitCode = await _ffmpeg.RunAsync(command, cancellationToken);
            if (exitCode != 0)
            {
                throw _ffmpeg.Failure(exitCode, lastWords);
            }
        }
        finally
        {
            await output.CompleteAsync();
        }
    }
}
