using System.Text.Json;
using System.Text.Unicode;

namespace VibeVoice.Checkpoints;

/// <summary>One object of a JSON file, read strictly: every complaint names the file and the key.</summary>
internal readonly struct JsonFile
{
    // A config.json has a few kilobytes and a tokenizer.json eleven megabytes: more is not one of these files.
    private const long MaximumBytes = 256 * 1024 * 1024;

    private readonly JsonElement _element;
    private readonly string _path;
    private readonly string _prefix;

    private JsonFile(JsonElement element, string path, string prefix)
    {
        _element = element;
        _path = path;
        _prefix = prefix;
    }

    public JsonElement Element => _element;

    public static JsonFile Load(string path)
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
            if (bytes.Span.StartsWith("\uFEFF"u8))
            {
                bytes = bytes[3..];
            }

            CheckText(bytes.Span);
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(
                    $"'{path}' holds {Describe(document.RootElement)}, but a JSON object is expected."
                );
            }

            return new JsonFile(document.RootElement.Clone(), path, "");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(
                $"'{path}' cannot be read as JSON: {exception.Message} Copy the file again from where the model came from.",
                exception
            );
        }
    }

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

    public JsonFile Object(string key) =>
        TryObject(key)
        ?? throw new ModelFormatException(
            $"'{_path}' has no '{_prefix}{key}', but an object of that name is expected."
        );

    public JsonFile? TryObject(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object
            ? new JsonFile(value, _path, $"{_prefix}{key}.")
            : throw Unexpected(key, value, "an object");
    }

    /// <summary>A count between 1 and <paramref name="maximum"/>.</summary>
    public int Count(string key, int? fallback = null, int maximum = 16 * 1024 * 1024)
    {
        if (Find(key) is not { } value)
        {
            return fallback ?? throw Missing(key, "a whole number");
        }

        return
            value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var count)
            && count >= 1
            && count <= maximum
            ? count
            : throw Unexpected(key, value, $"a whole number from 1 to {maximum}");
    }

    public double Positive(string key, double? fallback = null)
    {
        if (Find(key) is not { } value)
        {
            return fallback ?? throw Missing(key, "a number");
        }

        return
            value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out var number)
            && double.IsFinite(number)
            && number > 0
            ? number
            : throw Unexpected(key, value, "a number above 0");
    }

    public bool Has(string key) => Find(key) is not null;

    public string? Text(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Unexpected(key, value, "a string");
    }

    /// <summary>A list of counts, written <c>[3, 8]</c> or <c>"3-8"</c>; null where absent.</summary>
    public int[]? Counts(string key, int maximum)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        var expected = $"a list of whole numbers from 1 to {maximum}, as [3, 8] or \"3-8\"";
        string[] parts = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Split('-'),
            JsonValueKind.Array => [.. value.EnumerateArray().Select(item => item.GetRawText())],
            _ => throw Unexpected(key, value, expected),
        };
        var counts = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (
                !int.TryParse(parts[i], System.Globalization.CultureInfo.InvariantCulture, out counts[i])
                || counts[i] < 1
                || counts[i] > maximum
            )
            {
                throw Unexpected(key, value, expected);
            }
        }

        return counts.Length is > 0 and <= 64 ? counts : throw Unexpected(key, value, expected + ", 1 to 64 of them");
    }

    public ModelFormatException Wrong(string key, string found, string expected) =>
        new(
            $"'{_prefix}{key}' in '{_path}' is {found}, but {expected} is expected. "
                + "Take config.json from the repository of the checkpoint."
        );

    private JsonElement? Find(string key) =>
        _element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private ModelFormatException Missing(string key, string expected) => Wrong(key, "missing", expected);

    private ModelFormatException Unexpected(string key, JsonElement value, string expected) =>
        Wrong(key, Describe(value), expected);

    private static string Describe(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : $"{text[..40]}…";
    }
}
