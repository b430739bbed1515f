using System.Text.Json;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue;

/// <summary>
/// Reads the fields of a JSON object by type, collects what is of a wrong one, and remembers which names were asked
/// for. null counts as not given: many clients send every field.
/// </summary>
/// <param name="prefix">Stands before the field names in messages: "s3Config.".</param>
internal sealed class JobFields(JsonElement source, ICollection<SpeechProblem> problems, string prefix = "")
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Names that are there and were never asked for.</summary>
    public IEnumerable<string> Unknown =>
        source.EnumerateObject().Select(p => p.Name).Where(name => !_known.Contains(name)).Select(n => prefix + n);

    /// <param name="expected">What is allowed, for the message about another type.</param>
    public string? Text(string name, string expected = "a string")
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            Add(name, $"is {Describe(value)}, but must be {expected}");
            return null;
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            Add(name, "has half a surrogate pair (\\ud800 to \\udfff alone), but must be valid Unicode");
            return null;
        }
    }

    public double? Number(string name, NumberRange range)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number)
        {
            return value.GetDouble();
        }

        Add(name, $"is {Describe(value)}, but must be {range}");
        return null;
    }

    public bool? Flag(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Add(name, $"is {Describe(value)}, but must be true or false");
        return null;
    }

    /// <summary>An object, or null when it is not given or is something else.</summary>
    public JsonElement? Object(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return value;
        }

        Add(name, $"is {Describe(value)}, but must be an object");
        return null;
    }

    /// <summary>A value's type and, where it is short, the value: "the string 'fast'", "an array".</summary>
    public static string Describe(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => "a string",
            JsonValueKind.Number => $"the number {Quote.Short(value.GetRawText())}",
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Array => "an array",
            JsonValueKind.Object => "an object",
            JsonValueKind.Null => "null",
            _ => "missing",
        };

    public void Add(string name, string complaint) => problems.Add(SpeechProblem.Of(prefix + name, complaint));

    private bool TryGet(string name, out JsonElement value)
    {
        _known.Add(name);
        return source.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }
}
