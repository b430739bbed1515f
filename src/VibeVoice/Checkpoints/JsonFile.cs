using System.Text.Json;

namespace VibeVoice.Checkpoints;

/// <summary>One object of a JSON file, read strictly: every complaint names the file and the key.</summary>
internal readonly partial struct JsonFile
{
    private readonly JsonElement _element;
    private readonly string _path;
    private readonly string _prefix;
    private readonly string _advice;

    private JsonFile(JsonElement element, string path, string prefix, string advice)
    {
        _element = element;
        _path = path;
        _prefix = prefix;
        _advice = advice;
    }

    public JsonElement Element => _element;

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
            ? new JsonFile(value, _path, $"{_prefix}{key}.", _advice)
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

    /// <summary>A count from 0; null where absent.</summary>
    public int? TryCount(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= 0
            ? count
            : throw Unexpected(key, value, "a whole number from 0");
    }

    /// <summary>Any finite number.</summary>
    public double Number(string key)
    {
        if (Find(key) is not { } value)
        {
            throw Missing(key, "a number");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw Unexpected(key, value, "a number");
    }

    /// <summary>True or false; null where absent.</summary>
    public bool? Flag(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Unexpected(key, value, "true or false");
    }

    /// <summary>Refuses any value but this; where absent it is meant.</summary>
    public void Expect(string key, params ReadOnlySpan<string> supported)
    {
        if (Text(key) is { } text && !supported.Contains(text))
        {
            throw Wrong(key, $"'{text}'", $"'{string.Join("' or '", supported.ToArray())}'");
        }
    }

    /// <summary>Refuses any value but this; where absent it is meant.</summary>
    public void Expect(string key, bool supported)
    {
        if (Flag(key) is { } flag && flag != supported)
        {
            throw Wrong(key, flag ? "true" : "false", supported ? "true" : "false");
        }
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
        new($"'{_prefix}{key}' in '{_path}' is {found}, but {expected} is expected.{_advice}");

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
