using System.Text.Json;
using VibeVoice.Server.Http.Lists;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>What a request to <c>/v1/audio/speech</c> asks for.</summary>
/// <param name="Request">The text and how to speak it.</param>
/// <param name="IsEventStream">Whether the audio comes as server-sent events.</param>
/// <param name="Ignored">Fields that were given and change nothing.</param>
internal sealed record SpeechBody(SpeechRequest Request, bool IsEventStream, IReadOnlyList<string> Ignored);

/// <summary>Reads the body of OpenAI's speech request, with three fields of our own: seed, cfg_scale and steps.</summary>
internal sealed class SpeechBodyReader(SpeechRequestFactory requests, ISynthesizer synthesizer, HttpOptions options)
{
    private static readonly SpeechFieldNames _names = new()
    {
        Text = "input",
        Voice = "voice",
        Format = "response_format",
        InferenceSteps = "steps",
    };

    /// <exception cref="ApiException">The body cannot be read, or asks for what cannot be.</exception>
    public async Task<SpeechBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw ApiException.NotJson(request.ContentType);
        }

        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, default, cancellationToken);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(document.RootElement)
                : throw ApiException.InvalidJson($"it is {JobFields.Describe(document.RootElement)}");
        }
        catch (JsonException exception)
        {
            throw ApiException.InvalidJson(
                $"it breaks off or goes wrong at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}"
            );
        }
    }

    private SpeechBody Read(JsonElement body)
    {
        var problems = new List<SpeechProblem>();
        var fields = new JobFields(body, problems);
        CheckModel(fields.Text("model"));
        var isEventStream = ReadStreamFormat(fields);
        var instructions = fields.Text("instructions");
        var input = new SpeechInput
        {
            Text = fields.Text(_names.Text, $"a string of {requests.TextLengths}"),
            Voice = ReadVoice(body, fields, problems),
            Format = fields.Text(_names.Format, $"one of {AudioFormat.Names}"),
            Speed = fields.Number(_names.Speed, SpeechLimits.Speed),
            Seed = fields.Number(_names.Seed, SpeechLimits.Seed),
            CfgScale = fields.Number(_names.CfgScale, SpeechLimits.CfgScale),
            InferenceSteps = fields.Number(_names.InferenceSteps, SpeechLimits.InferenceSteps),
        };
        try
        {
            var request = requests.Create(input, _names, problems);
            return new SpeechBody(request, isEventStream, [.. Ignored(input, instructions)]);
        }
        catch (JobRejectedException)
        {
            throw ApiException.Rejected(problems);
        }
    }

    private void CheckModel(string? model)
    {
        var known = ModelEndpoints.Names(synthesizer);
        if (model is not null && !options.AcceptAnyModel && !known.Contains(model, StringComparer.Ordinal))
        {
            throw ApiException.NoModel(model, known);
        }
    }

    private static bool ReadStreamFormat(JobFields fields)
    {
        const string name = "stream_format";
        var format = fields.Text(name, "'audio' or 'sse'");
        if (format is not (null or "audio" or "sse"))
        {
            fields.Add(name, $"is '{Quote.Short(format)}', but must be 'audio' or 'sse'");
        }

        return format == "sse";
    }

    /// <summary>A name, or OpenAI's object for a voice of one's own: <c>{"id": "…"}</c>.</summary>
    private static string? ReadVoice(JsonElement body, JobFields fields, List<SpeechProblem> problems) =>
        body.TryGetProperty(_names.Voice, out var voice) && voice.ValueKind == JsonValueKind.Object
            ? new JobFields(voice, problems, "voice.").Text("id", "a string with a voice's name")
            : fields.Text(_names.Voice, "a string with a voice's name, or an object with its \"id\"");

    private IEnumerable<string> Ignored(SpeechInput input, string? instructions)
    {
        if (instructions is not null)
        {
            yield return "instructions";
        }

        foreach (
            var (value, name) in new[]
            {
                (input.Seed, _names.Seed),
                (input.CfgScale, _names.CfgScale),
                (input.InferenceSteps, _names.InferenceSteps),
            }
        )
        {
            if (value is not null && !synthesizer.IsDiffusionModel)
            {
                yield return name;
            }
        }
    }
}
