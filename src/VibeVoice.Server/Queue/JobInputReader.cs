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
            Text = fields.Text("text", $"a string of {requests.TextLengths}"),
            Voice = fields.Text("voice_key", "a string with a voice's name"),
            Format = fields.Text("output_format", $"one of {AudioFormat.Names}"),
            ReferenceAudio = fields.Text("reference_audio"),
            Speed = fields.Number("speed", SpeechLimits.Speed),
            Seed = fields.Number("seed", SpeechLimits.Seed),
            CfgScale = fields.Number("cfg_scale", SpeechLimits.CfgScale),
            InferenceSteps = fields.Number("inference_steps", SpeechLimits.InferenceSteps),
            RemoveMarkdown = fields.Flag("remove_markdown"),
            RemoveEmoji = fields.Flag("remove_emoji"),
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

    private S3Target? ReadBucket(JsonElement? config, List<SpeechProblem> problems, List<string> warnings)
    {
        if (config is not { } element)
        {
            return null;
        }

        var before = problems.Count;
        var fields = new JobFields(element, problems, "s3Config.");
        var bucket = new JobBucket(
            fields.Text("accessId"),
            fields.Text("accessSecret"),
            fields.Text("bucketName"),
            fields.Text("endpointUrl"),
            fields.Text("objectPath")
        );
        warnings.AddRange(fields.Unknown.Select(UnknownField));
        if (problems.Count > before)
        {
            return null;
        }

        try
        {
            return S3Target.FromJobConfig(bucket, delivery);
        }
        catch (JobRejectedException exception)
        {
            problems.AddRange(exception.Problems.Select(sentence => new SpeechProblem("s3Config", sentence)));
            return null;
        }
    }

    private static string UnknownField(string name) =>
        $"Unknown field '{Quote.Short(name)}' was ignored"
        + (Meant.TryGetValue(name, out var meant) ? $"; did you mean '{meant}'?" : ".");
}

/// <summary>What a job asks for.</summary>
/// <param name="Request">The text and how to speak it.</param>
/// <param name="Stream">Whether the answer is a stream of pieces.</param>
/// <param name="Bucket">The job's own bucket, in place of the worker's.</param>
internal sealed record JobInput(SpeechRequest Request, bool Stream, S3Target? Bucket);
