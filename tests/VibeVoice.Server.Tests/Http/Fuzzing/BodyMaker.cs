using System.Text.Json;
using System.Text.Json.Nodes;

namespace VibeVoice.Server.Tests.Http.Fuzzing;

/// <summary>Makes bodies from a schema: such as it allows, and such as it does not.</summary>
internal sealed class BodyMaker(Operation operation, Random random)
{
    private static readonly string[] _words =
    [
        "Hello",
        "there",
        "two",
        "lines\nof",
        "élan",
        "über",
        "3.14",
        "\"so\"",
        "你好",
        "🙂 ok",
    ];

    /// <summary>What the schema allows; what is not required is there now and then.</summary>
    public JsonObject Valid()
    {
        var schema = operation.Body!.Value;
        var required = RequiredOf(schema);
        var body = new JsonObject();
        foreach (var property in schema.GetProperty("properties").EnumerateObject())
        {
            if (required.Contains(property.Name) || random.Next(3) == 0)
            {
                body[property.Name] = Value(property.Value);
            }
        }

        if (random.Next(4) == 0)
        {
            body["x_unknown"] = Wild();
        }

        return body;
    }

    /// <summary>What the schema does not allow, in one place.</summary>
    /// <returns>The body, and what is wrong with it.</returns>
    public (JsonNode? Body, string Fault) Broken()
    {
        var schema = operation.Body!.Value;
        var body = Valid();
        var properties = schema.GetProperty("properties").EnumerateObject().ToList();
        var property = properties[random.Next(properties.Count)];
        switch (random.Next(5))
        {
            case 0:
                var name = RequiredOf(schema)[0];
                body.Remove(name);
                return (body, $"{name} is missing");
            case 1:
                return (random.Next(2) == 0 ? new JsonArray(body) : JsonValue.Create("text"), "it is no object");
            case 2 when OutOfRange(operation.Resolve(property.Value)) is { } value:
                body[property.Name] = value;
                return (body, $"{property.Name} is out of its range");
            default:
                body[property.Name] = new JsonArray(1, "two");
                return (body, $"{property.Name} is an array");
        }
    }

    /// <summary>Anything that is JSON.</summary>
    public JsonNode? Wild(int depth = 0) =>
        random.Next(depth > 3 ? 6 : 8) switch
        {
            0 => null,
            1 => random.Next(2) == 0,
            2 => random.NextInt64() * (random.Next(2) == 0 ? 1 : -1),
            3 => Math.Pow(10, random.Next(-300, 300)),
            4 => string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => (char)random.Next(1, 0xD7FF))),
            5 => "",
            6 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Wild(depth + 1))]),
            _ => new JsonObject(
                Enumerable.Range(0, random.Next(4)).Select(i => KeyValuePair.Create($"k{i}", Wild(depth + 1)))
            ),
        };

    private JsonNode? Value(JsonElement given)
    {
        var schema = operation.Resolve(given);
        if (schema.TryGetProperty("anyOf", out var choices))
        {
            return Value(choices[random.Next(choices.GetArrayLength())]);
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return JsonNode.Parse(values[random.Next(values.GetArrayLength())].GetRawText());
        }

        var types = TypesOf(schema);
        if (types is ["null"] || (types.Contains("null") && random.Next(8) == 0))
        {
            return null;
        }

        return types.First(type => type != "null") switch
        {
            "integer" => random.NextInt64((long)Bound(schema, "minimum", 0), (long)Bound(schema, "maximum", 1000) + 1),
            "number" => Bound(schema, "minimum", 0)
                + (random.NextDouble() * (Bound(schema, "maximum", 1) - Bound(schema, "minimum", 0))),
            "boolean" => random.Next(2) == 0,
            "object" => new JsonObject(
                schema
                    .GetProperty("properties")
                    .EnumerateObject()
                    .Select(p => KeyValuePair.Create(p.Name, Value(p.Value)))
            ),
            _ => string.Join(
                ' ',
                Enumerable.Range(0, random.Next(1, 12)).Select(_ => _words[random.Next(_words.Length)])
            ),
        };
    }

    private JsonNode? OutOfRange(JsonElement schema)
    {
        if (schema.TryGetProperty("enum", out _))
        {
            return "no such value";
        }

        if (schema.TryGetProperty("maximum", out _))
        {
            return random.Next(2) == 0 ? (Bound(schema, "maximum", 0) * 2) + 1 : Bound(schema, "minimum", 0) - 1;
        }

        return schema.TryGetProperty("minLength", out _) ? ""
            : schema.TryGetProperty("maxLength", out var length) ? new string('a', length.GetInt32() + 1)
            : null;
    }

    private static double Bound(JsonElement schema, string name, double otherwise) =>
        schema.TryGetProperty(name, out var bound) ? bound.GetDouble() : otherwise;

    private static List<string> TypesOf(JsonElement schema) =>
        !schema.TryGetProperty("type", out var type) ? ["string"]
        : type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => one.GetString()!)]
        : [type.GetString()!];

    private static List<string> RequiredOf(JsonElement schema) =>
        schema.TryGetProperty("required", out var names)
            ? [.. names.EnumerateArray().Select(name => name.GetString()!)]
            : [];
}
