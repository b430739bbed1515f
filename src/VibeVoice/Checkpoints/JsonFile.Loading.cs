using System.Text.Json;
using System.Text.Unicode;

namespace VibeVoice.Checkpoints;

internal readonly partial struct JsonFile
{
    // A config.json has a few kilobytes and a tokenizer.json eleven megabytes: more is not one of these files.
    private const long MaximumBytes = 256 * 1024 * 1024;

    /// <summary>Reads a file that holds one object.</summary>
    /// <exception cref="ModelFormatException">It cannot be read, or holds something else.</exception>
    public static JsonFile Load(string path) =>
        MakeObject(Read(path), path, " Take config.json from the repository of the checkpoint.");

    /// <summary>Reads one object from a text; messages speak of where it is from.</summary>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public static JsonFile Parse(string json, string source)
    {
        try
        {
            return MakeObject(Parse(System.Text.Encoding.UTF8.GetBytes(json)), source, advice: "");
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException($"'{source}' cannot be read as JSON: {exception.Message}", exception);
        }
    }

    /// <summary>Reads a file that holds any JSON.</summary>
    /// <exception cref="ModelFormatException">It cannot be read.</exception>
    public static JsonElement Read(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaximumBytes)
            {
                throw new ModelFormatException(
                    $"'{path}' has {length:N0} bytes, but at most {MaximumBytes:N0} are expected of such a file."
                );
            }

            var bytes = File.ReadAllBytes(path).AsMemory();
            return Parse(bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(
                $"'{path}' cannot be read as JSON: {exception.Message} Copy the file again from where the model came from.",
                exception
            );
        }
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> json)
    {
        CheckText(json.Span);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static JsonFile MakeObject(JsonElement element, string path, string advice) =>
        element.ValueKind == JsonValueKind.Object
            ? new JsonFile(element, path, "", advice)
            : throw new ModelFormatException($"'{path}' holds {Describe(element)}, but a JSON object is expected.");

    // The parser looks at the bytes of a text only when it is asked for, and then throws what no caller expects.
    private static void CheckText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            throw new JsonException("It is not UTF-8.");
        }

        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                try
                {
                    reader.GetString();
                }
                catch (InvalidOperationException exception)
                {
                    throw new JsonException("It has an escape of half a character.", exception);
                }
            }
        }
    }
}
