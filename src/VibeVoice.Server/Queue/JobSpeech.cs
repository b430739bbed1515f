using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using RunPod.Worker;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue;

/// <summary>Speaks for jobs, in whichever shape they are answered: as one file that is delivered, or in pieces.</summary>
internal sealed partial class JobSpeech(
    SpeechPipeline pipeline,
    DeliverySelector deliveries,
    TimeProvider timeProvider,
    ILogger<JobSpeech> logger
)
{
    /// <summary>Between progress posts: each is a request to the platform.</summary>
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A piece in base64 and its envelope stay under RunPod's 1 MB for a stream chunk: 700,000 bytes become 933,336.
    /// </summary>
    private const int MaxPieceBytes = 700_000;

    /// <summary>Encoded audio that waits for a slow post before the encoder, and with it the engine, is held up.</summary>
    private const int MaxWaitingBytes = 4 * MaxPieceBytes;

    /// <summary>Each post costs a round trip; less than this waits for more, but for the first and the last piece.</summary>
    private const int MinPieceBytes = 4096;

    /// <summary>Speaks and delivers.</summary>
    /// <exception cref="JobRejectedException">The answer would be far too large.</exception>
    /// <exception cref="SpeechFailedException">The engine, a tool or a bucket broke.</exception>
    public async Task<(DeliveredAudio Delivered, SpeechSummary Report)> SpeakAsync(
        JobContext job,
        JobInput input,
        CancellationToken cancellationToken
    )
    {
        using var chosen = deliveries.For(job.Id, input);
        var delivery = chosen.Delivery;
        var speech = input.Request with { IsHeardWhole = true };
        var run = pipeline.Start(speech, delivery.HeadCanBeCompleted, Progress(job), cancellationToken);
        var request = new DeliveryRequest(job.Id, input.Request.Format, pipeline.Labels(input.Request));
        var delivered = await delivery.DeliverAsync(request, run.Audio, cancellationToken);
        if (cancellationToken.IsCancellationRequested)
        {
            // Stopped after the last byte: nobody will ask for the file.
            await delivery.DiscardAsync(delivered, CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
        }

        var report = run.Report();
        LogSpoken(report);
        return (delivered, report);
    }

    /// <summary>Speaks; the encoded file comes in pieces as it is made.</summary>
    /// <param name="request">What to speak.</param>
    /// <param name="ended">Told at the end: how many bytes there were, and what was spoken.</param>
    /// <param name="cancellationToken">Stops within one frame.</param>
    /// <exception cref="SpeechFailedException">The engine or a tool broke.</exception>
    public async IAsyncEnumerable<byte[]> StreamAsync(
        SpeechRequest request,
        Action<long, SpeechSummary> ended,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = pipeline.Start(request, headCanBeCompleted: false, progress: null, stop.Token);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: MaxWaitingBytes, useSynchronizationContext: false));
        var encoding = FillAsync(run.Audio, pipe.Writer, stop.Token);
        var bytes = 0L;
        try
        {
            while (true)
            {
                var result = await pipe.Reader.ReadAtLeastAsync(bytes == 0 ? 1 : MinPieceBytes, cancellationToken);
                if (result.Buffer.IsEmpty)
                {
                    break;
                }

                var piece = result.Buffer.Slice(0, Math.Min(MaxPieceBytes, result.Buffer.Length));
                bytes += piece.Length;
                var copy = System.Buffers.BuffersExtensions.ToArray(piece);
                pipe.Reader.AdvanceTo(piece.End);
                yield return copy;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await encoding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var report = run.Report();
        LogSpoken(report);
        ended(bytes, report);
    }

    private static async Task FillAsync(EncodedAudio audio, PipeWriter output, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
            {
                var flushed = await output.WriteAsync(piece, cancellationToken);
                if (flushed.IsCompleted)
                {
                    break;
                }
            }

            await output.CompleteAsync();
        }
#pragma warning disable CA1031 // A hand-over between tasks: the reader throws it again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await output.CompleteAsync(exception);
        }
    }

    private Action<SpeechProgress> Progress(JobContext job)
    {
        var last = timeProvider.GetTimestamp();
        return progress =>
        {
            var now = timeProvider.GetTimestamp();
            if (timeProvider.GetElapsedTime(last, now) < ProgressInterval)
            {
                return;
            }

            last = now;
            job.ReportProgress(
                new JsonObject
                {
                    ["seconds_spoken"] = Math.Round(progress.Spoken.TotalSeconds, 1),
                    ["share_of_text"] = Math.Round(progress.ShareOfText, 3),
                }
            );
        };
    }

    private void LogSpoken(SpeechSummary report) =>
        Log.Spoke(
            logger,
            report.Characters,
            Math.Round(report.Duration.TotalSeconds, 3),
            report.Format.Name,
            Math.Round(report.RealTimeFactor, 4)
        );

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Information,
            "Spoke {Characters} characters as {Seconds} s of {Format}, real-time factor {RealTimeFactor}."
        )]
        public static partial void Spoke(
            ILogger logger,
            int characters,
            double seconds,
            string format,
            double realTimeFactor
        );
    }
}
