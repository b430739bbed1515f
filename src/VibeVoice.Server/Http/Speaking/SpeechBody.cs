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

/// <summary>What the message asks for that begins a speech of a text stream.</summary>
/// <param name="Request">How to speak the text that comes.</param>
/// <param name="IsBase64">Whether the audio comes in base64 rather than in binary messages.</param>
/// <param name="Ignored">Fields that were given and change nothing.</param>
internal sealed record StreamStart(SpeechRequest Request, bool IsBase64, IReadOnlyList<string> Ignored);

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

    /// <summary>Names of a message's fields, where nothing is a response.</summary>
    private static readonly SpeechFieldNames _startNames = _names with { Format = "format" };

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

    /// <exception cref="ApiException">The body asks for what cannot be.</exception>
    public SpeechBody Read(JsonElement body)
    {
        var problems = new List<SpeechProblem>();
        var fields = new JobFields(body, problems);
        CheckModel(fields.Text("model"));
        var isEventStream = ReadChoice(fields, "stream_format", "audio", "sse");
        var instructions = fields.Text("instructions");
        var text = fields.Text(_names.Text, $"a string of {requests.TextLengths}");
        var input = ReadInput(body, fields, _names, problems) with { Text = text };
        var request = Checked(problems, () => requests.Create(input, _names, problems));
        return new SpeechBody(request, isEventStream, [.. Ignored(input, instructions)]);
    }

    /// <summary>Reads the message that begins a speech whose text is still to come.</summary>
    /// <exception cref="ApiException">It asks for what cannot be.</exception>
    public StreamStart ReadStart(JsonElement message)
    {
        var problems = new List<SpeechProblem>();
        var fields = new JobFields(message, problems);
        CheckModel(fields.Text("model"));
        var isBase64 = ReadChoice(fields, "audio", "binary", "base64");
        var input = ReadInput(message, fields, _startNames, problems);
        // What is heard at once needs no container; it is the one format without any delay of its own.
        input = input with
        {
            Format = input.Format ?? AudioFormat.Pcm.Name,
        };
        var request = Checked(problems, () => requests.CreateForGrowingText(input, _startNames, problems));
        return new StreamStart(request, isBase64, [.. Ignored(input, instructions: null)]);
    }

    private static SpeechRequest Checked(List<SpeechProblem> problems, Func<SpeechRequest> create)
    {
        try
        {
            return create();
        }
        catch (JobRejectedException)
        {
            throw ApiException.Rejected(problems);
        }
    }

    private static SpeechInput ReadInput(
        JsonElement body,
        JobFields fields,
        SpeechFieldNames names,
        List<SpeechProblem> problems
    ) =>
        new()
        {
            Voice = ReadVoice(body, fields, problems),
            Format = fields.Text(names.Format, $"one of {AudioFormat.Names}"),
            Speed = fields.Number(names.Speed, SpeechLimits.Speed),
            Seed = fields.Number(names.Seed, SpeechLimits.Seed),
            CfgScale = fields.Number(names.CfgScale, SpeechLimits.CfgScale),
            InferenceSteps = fields.Number(names.InferenceSteps, SpeechLimits.InferenceSteps),
        };

    private void CheckModel(string? model)
    {
        var known = ModelEndpoints.Names(synthesizer);
        if (model is not null && !options.AcceptAnyModel && !known.Contains(model, StringComparer.Ordinal))
        {
            throw ApiException.NoModel(model, known);
        }
    }

    /// <returns>Whether it is the other one.</returns>
    private static bool ReadChoice(JobFields fields, string name, string usual, string other)
    {
        var expected = $"'{usual}' or '{other}'";
        var choice = fields.Text(name, expected);
        if (choice is not null && choice != usual && choice != other)
        {
            fields.Add(name, $"is '{Quote.Short(choice)}', but must be {expected}");
        }

        return choice == other;
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
