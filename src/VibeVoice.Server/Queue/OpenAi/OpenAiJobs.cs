using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RunPod.Worker;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Lists;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue.OpenAi;

/// <summary>Answers requests to OpenAI's API that came as jobs, by the readers and in the shapes of the HTTP server.</summary>
internal sealed partial class OpenAiJobs(
    SpeechBodyReader reader,
    JobSpeech speech,
    ISynthesizer synthesizer,
    ILogger<OpenAiJobs> logger
)
{
    /// <summary>A piece of a stream stays under RunPod's 1 MB, as JSON text in which quotes and line ends are escaped.</summary>
    private const int MaxDeltaBytes = 600_000;

    private const string Speech = "audio/speech";
    private const string Models = "models/";

    public async Task<JobResult> HandleAsync(JobContext job, OpenAiCall call, CancellationToken cancellationToken)
    {
        try
        {
            return call.Route switch
            {
                Speech => await SpeakAsync(job, call, cancellationToken),
                Speech + "/preview-text" => await OutlineAsync(call, cancellationToken),
                "models" or "audio/models" => Answer(ModelEndpoints.List(synthesizer), OpenAiJson.Compact.ModelList),
                ['m', 'o', 'd', 'e', 'l', 's', '/', ..] => Answer(
                    ModelEndpoints.Find(synthesizer, call.Route[Models.Length..]),
                    OpenAiJson.Compact.ModelEntry
                ),
                "audio/voices" => Answer(VoiceEndpoints.List(synthesizer), OpenAiJson.Compact.VoiceList),
                _ => throw ApiException.NoRoute("route", call.Route),
            };
        }
        catch (Exception exception) when (Find(exception) is { } error)
        {
            throw Told(error, exception);
        }
    }

    private async Task<JobResult> SpeakAsync(JobContext job, OpenAiCall call, CancellationToken cancellationToken)
    {
        var body = Read(call);
        if (body.IsEventStream || IsTrue(call.Input, "stream"))
        {
            return JobResult.FromStream(StreamAsync(body.Request, cancellationToken));
        }

        var input = new JobInput(body.Request, Stream: false, Bucket: null);
        var (delivered, report) = await speech.SpeakAsync(job, input, cancellationToken);
        var answer = new OpenAiSpeech(
            "speech.audio",
            delivered.AudioBase64,
            delivered.AudioUrl,
            report.Format.ContentType,
            Usage.Of(report),
            JobMetadata.From(report, delivered)
        );
        return JobResult.FromValue(answer, JobJson.Compact.OpenAiSpeech);
    }

    private async Task<JobResult> OutlineAsync(OpenAiCall call, CancellationToken cancellationToken)
    {
        var request = Read(call).Request;
        var outline = await synthesizer.OutlineAsync(request, cancellationToken);
        return Answer(OutlineAnswer.Of(outline, request, synthesizer), OpenAiJson.Compact.OutlineAnswer);
    }

    /// <summary>The text of server-sent events, each piece some whole ones, as RunPod's /openai/… passes them on.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        SpeechSummary? report = null;
        var pieces = speech.StreamAsync(request, (_, spoken) => report = spoken, cancellationToken);
        await using var reading = pieces.GetAsyncEnumerator(cancellationToken);
        var hasBegun = false;
        ApiException? failure = null;
        while (failure is null)
        {
            try
            {
                if (!await reading.MoveNextAsync())
                {
                    break;
                }
            }
            catch (Exception exception) when (Find(exception) is { } error)
            {
                failure = error;
                break;
            }

            foreach (var part in reading.Current.Chunk(MaxDeltaBytes))
            {
                hasBegun = true;
                yield return Piece(
                    Event(
                        new AudioDelta("speech.audio.delta", Convert.ToBase64String(part)),
                        OpenAiJson.Compact.AudioDelta
                    )
                );
            }
        }

        if (failure is not null)
        {
            if (hasBegun)
            {
                // Clients of the stream read events, and not how the job ended.
                var told = new ErrorEvent("error", failure.Body.Error);
                yield return Piece("event: error\n" + Event(told, OpenAiJson.Compact.ErrorEvent));
            }

            throw Told(failure, failure);
        }

        var done = new AudioDone("speech.audio.done", Usage.Of(report!));
        yield return Piece(Event(done, OpenAiJson.Compact.AudioDone) + "data: [DONE]\n\n");
    }

    private SpeechBody Read(OpenAiCall call) =>
        call.Input.ValueKind == JsonValueKind.Object
            ? reader.Read(call.Input)
            : throw ApiException.InvalidJson($"openai_input is {JobFields.Describe(call.Input)}");

    /// <returns>What OpenAI's API calls a failure; null for a bug.</returns>
    private static ApiException? Find(Exception exception) =>
        exception switch
        {
            ApiException error => error,
            SpeechFailedException failed => ApiException.Failed(failed.Message),
            JobRejectedException rejected => ApiException.Rejected([
                .. rejected.Problems.Select(problem => new SpeechProblem("input", problem) { IsTooLong = true }),
            ]),
            _ => null,
        };

    /// <summary>The error of a job is a text (contract §3): the JSON of OpenAI's.</summary>
    private JobFailedException Told(ApiException error, Exception cause)
    {
        Log.Failed(logger, error.Code);
        return new JobFailedException(JsonSerializer.Serialize(error.Body, OpenAiJson.Compact.ErrorBody), cause);
    }

    private static JobResult Answer<T>(T answer, JsonTypeInfo<T> type) => JobResult.FromValue(answer, type);

    private static bool IsTrue(JsonElement input, string name) =>
        input.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string Event<T>(T item, JsonTypeInfo<T> type) => $"data: {JsonSerializer.Serialize(item, type)}\n\n";

    private static ReadOnlyMemory<byte> Piece(string events) =>
        JsonSerializer.SerializeToUtf8Bytes(events, OpenAiJson.Compact.String);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "A request to OpenAI's API ended with the error '{Code}'.")]
        public static partial void Failed(ILogger logger, string code);
    }
}
