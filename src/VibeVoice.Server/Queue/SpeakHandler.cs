using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using RunPod.Worker;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue;

/// <summary>One RunPod job: read, speak, encode, deliver, answer as the deployment plan says.</summary>
internal sealed partial class SpeakHandler(
    JobInputReader reader,
    SpeechPipeline pipeline,
    DeliverySelector deliveries,
    TimeProvider timeProvider,
    ILogger<SpeakHandler> logger
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

    public async Task<JobResult> HandleAsync(JobContext job, CancellationToken cancellationToken)
    {
        try
        {
            var input = reader.Read(job.Input, job.Job);
            if (input.Stream)
            {
                return JobResult.FromStream(StreamAsync(input, cancellationToken));
            }

            var answer = await SpeakAsync(job, input, cancellationToken);
            return JobResult.FromValue(answer, JobJson.Compact.JobAnswer);
        }
        catch (JobRejectedException exception)
        {
            // What the caller sent is quoted in the sentences: theirs to read, not the log's.
            Log.Rejected(logger, exception.Problems.Count);
            throw new JobFailedException(exception.Message, exception);
        }
        catch (SpeechFailedException exception)
        {
            throw Told(exception);
        }
    }

    private async Task<JobAnswer> SpeakAsync(JobContext job, JobInput input, CancellationToken cancellationToken)
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

        var metadata = JobMetadata.From(run.Report(), delivered);
        LogSpoken(metadata);
        return new JobAnswer
        {
            AudioUrl = delivered.AudioUrl,
            AudioBase64 = delivered.AudioBase64,
            Metadata = metadata,
        };
    }

    /// <summary>The encoded file in base64 pieces as it is made, then the metadata.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(
        JobInput input,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = pipeline.Start(input.Request, headCanBeCompleted: false, progress: null, stop.Token);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: MaxWaitingBytes, useSynchronizationContext: false));
        var encoding = FillAsync(run.Audio, pipe.Writer, stop.Token);
        var bytes = 0L;
        try
        {
            for (var index = 0; ; index++)
            {
                var result = await pipe.Reader.ReadAtLeastAsync(index == 0 ? 1 : MinPieceBytes, cancellationToken);
                if (result.Buffer.IsEmpty)
                {
                    break;
                }

                var piece = result.Buffer.Slice(0, Math.Min(MaxPieceBytes, result.Buffer.Length));
                bytes += piece.Length;
                var base64 = Convert.ToBase64String(System.Buffers.BuffersExtensions.ToArray(piece));
                pipe.Reader.AdvanceTo(piece.End);
                yield return Json(new JobStreamItem { Index = index, AudioBase64 = base64 });
            }
        }
        finally
        {
            await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await encoding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var metadata = JobMetadata.From(run.Report(), new DeliveredAudio { Bytes = bytes });
        LogSpoken(metadata);
        yield return Json(new JobStreamItem { Metadata = metadata });
    }

    private async Task FillAsync(EncodedAudio audio, PipeWriter output, CancellationToken cancellationToken)
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
        catch (SpeechFailedException exception)
        {
            await output.CompleteAsync(Told(exception));
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

    private JobFailedException Told(SpeechFailedException exception)
    {
        Log.Failed(logger, exception.Message);
        return new JobFailedException(exception.Message, exception);
    }

    private static byte[] Json(JobStreamItem item) =>
        JsonSerializer.SerializeToUtf8Bytes(item, JobJson.Compact.JobStreamItem);

    private void LogSpoken(JobMetadata metadata) =>
        Log.Spoke(logger, metadata.Characters, metadata.DurationSeconds, metadata.Format, metadata.RealTimeFactor);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Rejected the input for {Count} reasons.")]
        public static partial void Rejected(ILogger logger, int count);

        [LoggerMessage(LogLevel.Warning, "Failed: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);

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
