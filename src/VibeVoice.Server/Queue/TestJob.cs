using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue;

/// <summary>A job that is run here, without a queue, to try the worker.</summary>
internal static class TestJob
{
    private const string FileName = "test_input.json";

    /// <summary>Reads the job from the flag, else from test_input.json in the work directory or beside the program.</summary>
    /// <exception cref="SpeechFailedException">There is no job, or it is not JSON.</exception>
    public static JsonElement Parse(string? json)
    {
        var source = "--test_input";
        if (json is null)
        {
            string[] places = [Path.GetFullPath(FileName), Path.Combine(AppContext.BaseDirectory, FileName)];
            source =
                places.FirstOrDefault(File.Exists)
                ?? throw new SpeechFailedException(
                    "There is no job to run and no queue to serve: RUNPOD_WEBHOOK_GET_JOB is not set, --test_input was not "
                        + $"given, and neither '{places[0]}' nor '{places[1]}' exists."
                );
            json = File.ReadAllText(source);
        }

        try
        {
            var job = JsonElement.Parse(json);
            return job.ValueKind == JsonValueKind.Object
                ? job
                : throw new SpeechFailedException(
                    $"{source} is {JobFields.Describe(job)}, but must be an object like {{\"input\": {{\"text\": \"…\"}}}}."
                );
        }
        catch (JsonException exception)
        {
            throw new SpeechFailedException($"{source} is not valid JSON: {exception.Message}", exception);
        }
    }

    /// <summary>Writes the answer's audio to a file, and shortens base64 in the answer to its beginning.</summary>
    /// <exception cref="SpeechFailedException">The audio cannot be fetched or written.</exception>
    public static async Task SaveAudioAsync(JsonObject answer, string path, CancellationToken cancellationToken)
    {
        var audio = await ReadAudioAsync(answer["output"], path, cancellationToken);
        try
        {
            await WholeFile.WriteAsync(path, audio, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SpeechFailedException($"'{path}' cannot be written: {exception.Message}", exception);
        }
    }

    private static async Task<byte[]> ReadAudioAsync(JsonNode? output, string path, CancellationToken cancellationToken)
    {
        if (output?["audio_url"]?.GetValue<string>() is { } url)
        {
            try
            {
                using var client = new HttpClient();
                return await client.GetByteArrayAsync(url, cancellationToken);
            }
            catch (HttpRequestException exception)
            {
                throw new SpeechFailedException(
                    $"The audio is in the bucket, but could not be read back from it: {exception.Message}",
                    exception
                );
            }
        }

        var pieces = output is JsonArray stream ? stream.OfType<JsonObject>() : [output!.AsObject()];
        using var audio = new MemoryStream();
        foreach (var piece in pieces)
        {
            // In answers to OpenAI's requests it has OpenAI's name.
            var name = piece.ContainsKey("audio") ? "audio" : "audio_base64";
            if (piece[name] is JsonValue value && value.TryGetValue<string>(out var base64))
            {
                await audio.WriteAsync(Convert.FromBase64String(base64), cancellationToken);
                piece[name] = $"{base64[..Math.Min(32, base64.Length)]}… ({base64.Length} characters, in {path})";
            }
        }

        return audio.Length > 0
            ? audio.ToArray()
            : throw new SpeechFailedException("The answer has no audio that can be saved.");
    }
}
