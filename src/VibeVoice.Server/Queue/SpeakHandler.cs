using System.Runtime.CompilerServices;
using System.Text.Json;
using RunPod.Worker;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Queue.OpenAi;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue;

/// <summary>One RunPod job: read, speak, encode, deliver, answer as the deployment plan says, or as OpenAI's API does.</summary>
internal sealed partial class SpeakHandler(
    JobInputReader reader,
    JobSpeech speech,
    OpenAiJobs openAi,
    ILogger<SpeakHandler> logger
)
{
    public async Task<JobResult> HandleAsync(JobContext job, CancellationToken cancellationToken)
    {
        if (OpenAiCall.Find(job.Input) is { } call)
        {
            return await openAi.HandleAsync(job, call, cancellationToken);
        }

        try
        {
            var input = reader.Read(job.Input, job.Job);
            if (input.Stream)
            {
                return JobResult.FromStream(StreamAsync(input, cancellationToken));
            }

            var (delivered, report) = await speech.SpeakAsync(job, input, cancellationToken);
            var answer = new JobAnswer
            {
                AudioUrl = delivered.AudioUrl,
                AudioBase64 = delivered.AudioBase64,
                Metadata = JobMetadata.From(report, delivered),
            };
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

    /// <summary>The encoded file in base64 pieces as it is made, then the metadata.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(
        JobInput input,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        JobMetadata? metadata = null;
        var pieces = speech.StreamAsync(
            input.Request,
            (bytes, report) => metadata = JobMetadata.From(report, new DeliveredAudio { Bytes = bytes }),
            cancellationToken
        );
        await using var reading = pieces.GetAsyncEnumerator(cancellationToken);
        for (var index = 0; await NextAsync(reading); index++)
        {
            yield return Json(
                new JobStreamItem { Index = index, AudioBase64 = Convert.ToBase64String(reading.Current) }
            );
        }

        yield return Json(new JobStreamItem { Metadata = metadata });
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<byte[]> pieces)
    {
        try
        {
            return await pieces.MoveNextAsync();
        }
        catch (SpeechFailedException exception)
        {
            throw Told(exception);
        }
    }

    private JobFailedException Told(SpeechFailedException exception)
    {
        Log.Failed(logger, exception.Message);
        return new JobFailedException(exception.Message, exception);
    }

    private static byte[] Json(JobStreamItem item) =>
        JsonSerializer.SerializeToUtf8Bytes(item, JobJson.Compact.JobStreamItem);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Rejected the input for {Count} reasons.")]
        public static partial void Rejected(ILogger logger, int count);

        [LoggerMessage(LogLevel.Warning, "Failed: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
