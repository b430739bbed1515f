using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RunPod.Worker.Protocol;

/// <summary>The JSON that goes to the platform for a job.</summary>
internal static class JobBody
{
    private static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary><c>{"output": value}</c></summary>
    /// <exception cref="JsonException">The value is not one JSON value.</exception>
    public static ReadOnlyMemory<byte> Output(ReadOnlyMemory<byte> utf8Json) =>
        Write(writer =>
        {
            writer.WritePropertyName("output");
            writer.WriteRawValue(utf8Json.Span);
        });

    /// <summary><c>{"output": [values]}</c></summary>
    /// <exception cref="JsonException">One of the values is not one JSON value.</exception>
    public static ReadOnlyMemory<byte> OutputList(IEnumerable<ReadOnlyMemory<byte>> utf8JsonValues) =>
        Write(writer =>
        {
            writer.WriteStartArray("output");
            foreach (var value in utf8JsonValues)
            {
                writer.WriteRawValue(value.Span);
            }

            writer.WriteEndArray();
        });

    /// <summary><c>{"error": "text"}</c>: always a string, since clients rely on it.</summary>
    public static ReadOnlyMemory<byte> Error(string error) => Write(writer => writer.WriteString("error", error));

    /// <summary><c>{"status": "IN_PROGRESS", "output": value}</c>; without the status it would end the job.</summary>
    public static ReadOnlyMemory<byte> Progress(JsonNode progress) =>
        Write(writer =>
        {
            writer.WriteString("status", "IN_PROGRESS");
            writer.WritePropertyName("output");
            progress.WriteTo(writer);
        });

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
