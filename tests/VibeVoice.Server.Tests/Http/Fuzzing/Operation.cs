using System.Text.Json;

namespace VibeVoice.Server.Tests.Http.Fuzzing;

/// <summary>One operation of an OpenAPI document.</summary>
/// <param name="Method">GET, POST.</param>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Definition">The rest of it.</param>
/// <param name="Document">The whole, for references.</param>
internal sealed record Operation(string Method, string Path, JsonElement Definition, JsonElement Document)
{
    public static IReadOnlyList<Operation> ReadAll(JsonElement document) =>
        [
            .. from path in document.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            where
                operation.Value.ValueKind == JsonValueKind.Object && operation.Value.TryGetProperty("responses", out _)
            select new Operation(operation.Name.ToUpperInvariant(), path.Name, operation.Value, document),
        ];

    /// <summary>The media types of an answer with a status; null where the status is not listed.</summary>
    public IReadOnlyList<string>? TypesOf(int status) =>
        Definition.GetProperty("responses").TryGetProperty($"{status}", out var response)
            ? response.TryGetProperty("content", out var content)
                ? [.. content.EnumerateObject().Select(type => type.Name)]
                : []
            : null;

    /// <summary>The schema of its JSON body; null where it takes none.</summary>
    public JsonElement? Body =>
        Definition.TryGetProperty("requestBody", out var body)
        && body.GetProperty("content").TryGetProperty("application/json", out var json)
            ? Resolve(json.GetProperty("schema"))
            : null;

    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = reference
                .GetString()!
                .Split('/')
                .Skip(1)
                .Aggregate(Document, (element, name) => element.GetProperty(name));
        }

        return schema;
    }

    public override string ToString() => $"{Method} {Path}";
}
