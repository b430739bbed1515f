using System.Text.Json;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue;

/// <summary>Turns the <c>input</c> of a RunPod job into what it asks for, or says everything that is wrong with it.</summary>
internal sealed class JobInputReader(SpeechRequestFactory requests, DeliveryOptions delivery)
{
    /// <summary>Names that people coming from other speech APIs try.</summary>
    private static readonly Dictionary<string, string> Meant = new(StringComparer.OrdinalIgnoreCase)
    {
        ["voice"] = "voice_key",
        ["speaker"] = "voice_key",
        ["format"] = "output_format",
        ["response_format"] = "output_format",
        ["input"] = "text",
        ["prompt"] = "text",
        ["steps"] = "inference_steps",
        ["s3_config"] = "s3Config",
    };

    /// <param name="input">The job's input.</param>
    /// <param name="job">The whole job: RunPod's documents leave open whether s3Config stands there or in the input.</param>
    /// <exception cref="JobRejectedException">The input cannot be spoken; every reason is told.</exception>
    public JobInput Read(JsonElement input, JsonElement job)
    {
        if (input.ValueKind != JsonValueKind.Object)
        {
            throw new JobRejectedException(
                $"'input' is {JobFields.Describe(input)}, but must be an object with at least 'text'."
            );
        }

        var problems = new List<SpeechProblem>();
        var fields = new JobFields(input, problems);
        var speech = new SpeechInput
        {
            Text = fields.Text("text"),
            Voice = fields.Text("voice_key"),
            Format = fields.Text("output_format"),
            ReferenceAudio = fields.Text("reference_audio"),
            Speed = fields.Number("speed"),
            Seed = fields.Number("seed"),
            CfgScale = fields.Number("cfg_scale"),
            InferenceSteps = fields.Number("inference_steps"),
        };
        var stream = fields.Flag("stream") ?? false;
        var warnings = new List<string>();
        var bucket = ReadBucket(fields.Object("s3Config") ?? OfJob(job), problems, warnings);
        warnings.AddRange(fields.Unknown.Select(UnknownField));
        if (stream && bucket is not null)
        {
            warnings.Add("'s3Config' was not used: with 'stream' the audio is the stream.");
        }

        var request = requests.Create(speech, SpeechFieldNames.Job, problems);
        return new JobInput(request with { Warnings = [.. request.Warnings, .. warnings] }, stream, bucket);
    }

    private static JsonElement? OfJob(JsonElement job) =>
        job.ValueKind == JsonValueKind.Object
        && job.TryGetProperty("s3Config", out var config)
        && config.ValueKind == JsonValueKind.Object
            ? config
            : null;

    private JobBucket? ReadBucket(JsonElement? config, List<SpeechProblem> problems, List<string> warnings)
    {
        if (config is not { } element)
        {
            return null;
        }

        var before = problems.Count;
        var fields = new JobFields(element, problems, "s3Config.");
        var accessId = Required(fields, "accessId", "the access key of the bucket");
        var accessSecret = Required(fields, "accessSecret", "the secret key of the bucket");
        var bucketName = Required(fields, "bucketName", "the name of the bucket");
        var endpointUrl = Endpoint(fields, Required(fields, "endpointUrl", "the https URL of the S3 service"));
        var objectPath = fields.Text("objectPath")?.Trim().Trim('/');
        if (bucketName is not null && !bucketName.All(IsBucketCharacter))
        {
            fields.Add("bucketName", $"is '{Quote.Short(bucketName)}', but must be letters, digits, '.', '_' and '-'");
        }

        if (objectPath is not null && (objectPath.Length > 512 || objectPath.Split('/').Any(IsOddSegment)))
        {
            fields.Add("objectPath", "must be a folder in the bucket: up to 512 characters, no '..', no empty part");
        }

        warnings.AddRange(fields.Unknown.Select(UnknownField));
        return problems.Count > before
            ? null
            : new JobBucket(accessId!, accessSecret!, bucketName!, endpointUrl!, Blank(objectPath));
    }

    private Uri? Endpoint(JobFields fields, string? value)
    {
        if (value is null)
        {
            return null;
        }

        // The URL itself may carry a secret, so only its scheme is ever quoted.
        var isUrl = Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";
        if (!isUrl || uri!.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            fields.Add("endpointUrl", "is not a plain URL, but must be like https://s3.eu-central-1.amazonaws.com");
            return null;
        }

        if (uri.Scheme == "http" && !delivery.S3ConfigAllowHttp)
        {
            fields.Add(
                "endpointUrl",
                "is an http URL, but must be https; the worker allows http only with S3_CONFIG_ALLOW_HTTP"
            );
            return null;
        }

        return uri;
    }

    private static string? Required(JobFields fields, string name, string meaning)
    {
        var before = fields.ProblemCount;
        var value = fields.Text(name)?.Trim();
        if (string.IsNullOrEmpty(value) && fields.ProblemCount == before)
        {
            fields.Add(name, $"is missing; give {meaning}");
        }

        return Blank(value);
    }

    private static string? Blank(string? value) => string.IsNullOrEmpty(value) ? null : value;

    private static bool IsBucketCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';

    private static bool IsOddSegment(string part) => part is "." or ".." || part.Any(char.IsControl);

    private static string UnknownField(string name) =>
        $"Unknown field '{Quote.Short(name)}' was ignored"
        + (Meant.TryGetValue(name, out var meant) ? $"; did you mean '{meant}'?" : ".");
}

/// <summary>What a job asks for.</summary>
/// <param name="Request">The text and how to speak it.</param>
/// <param name="Stream">Whether the answer is a stream of pieces.</param>
/// <param name="Bucket">The job's own bucket, in place of the worker's.</param>
internal sealed record JobInput(SpeechRequest Request, bool Stream, JobBucket? Bucket);
