using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RunPod.Worker.Protocol;

/// <summary>
/// A handler's output, looked at for the two keys that mean something to RunPod at its top level: a true <c>error</c> fails
/// the job, a true <c>refresh_worker</c> asks for a fresh worker. Both are taken out, as RunPod's own client does.
/// </summary>
/// <param name="Json">The output without them; null where nothing else was there.</param>
/// <param name="Error">The error as text; JSON text where it was no string.</param>
/// <param name="IsRefresh">Whether a fresh worker is asked for.</param>
internal readonly record struct JobOutput(ReadOnlyMemory<byte>? Json, string? Error, bool IsRefresh)
{
    /// <summary>As deep as the writer of JSON goes.</summary>
    private const int Deepest = 1000;

    private static readonly JsonReaderOptions Deep = new() { MaxDepth = Deepest };

    private static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = Deepest,
    };

    /// <exception cref="JsonException">This is not one JSON value.</exception>
    public static JobOutput Read(ReadOnlyMemory<byte> utf8Json)
    {
        var reader = new Utf8JsonReader(utf8Json.Span, Deep);
        var isSpecial = false;
        while (reader.Read())
        {
            isSpecial |=
                reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 }
                && (reader.ValueTextEquals("error"u8) || reader.ValueTextEquals("refresh_worker"u8))
                && utf8Json.Span.TrimStart(" \t\r\n"u8)[0] == (byte)'{';
        }

        return isSpecial ? Split(utf8Json) : new JobOutput(utf8Json, Error: null, IsRefresh: false);
    }

    private static JobOutput Split(ReadOnlyMemory<byte> utf8Json)
    {
        using var document = JsonDocument.Parse(utf8Json, new JsonDocumentOptions { MaxDepth = Deepest });
        var buffer = new ArrayBufferWriter<byte>(utf8Json.Length);
        string? error = null;
        var isRefresh = false;
        var others = 0;
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals("error"u8))
                {
                    error = IsTrue(property.Value) ? Text(property.Value) : null;
                }
                else if (property.NameEquals("refresh_worker"u8))
                {
                    isRefresh = IsTrue(property.Value);
                }
                else
                {
                    property.WriteTo(writer);
                    others++;
                }
            }

            writer.WriteEndObject();
        }

        // With an error, or a wish for a fresh worker, nothing else means no output; otherwise it means an empty one.
        return new JobOutput(
            others == 0 && (error is not null || isRefresh) ? (ReadOnlyMemory<byte>?)null : buffer.WrittenMemory,
            error,
            isRefresh
        );
    }

    /// <summary>What the Python client, whose rule this is, takes for true.</summary>
    private static bool IsTrue(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.False => false,
            JsonValueKind.String => !value.ValueEquals(""),
            JsonValueKind.Number => !value.TryGetDouble(out var number) || number != 0,
            JsonValueKind.Array => value.GetArrayLength() > 0,
            JsonValueKind.Object => value.GetPropertyCount() > 0,
            _ => true,
        };

    private static string Text(JsonElement value) => JsonText.Of(value) ?? value.GetRawText();
}
