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
        MaxDepth = 1000,
    };

    /// <summary><c>{"output": value}</c> of JSON that is known to be good: the usual body, so it is put together by hand.</summary>
    public static ReadOnlyMemory<byte> Output(ReadOnlyMemory<byte> utf8Json)
    {
        var head = "{\"output\":"u8;
        var body = new byte[head.Length + utf8Json.Length + 1];
        head.CopyTo(body);
        utf8Json.Span.CopyTo(body.AsSpan(head.Length));
        body[^1] = (byte)'}';
        return body;
    }

    /// <summary>What ends a job. An error is always a string, since clients rely on it.</summary>
    /// <param name="output">JSON that is known to be good, or null for none.</param>
    /// <param name="error">What failed the job, or null.</param>
    /// <param name="isRefresh">Whether RunPod shall replace this worker.</param>
    public static ReadOnlyMemory<byte> Result(ReadOnlyMemory<byte>? output, string? error, bool isRefresh)
    {
        if (output is { } only && error is null && !isRefresh)
        {
            return Output(only);
        }

        return Write(writer =>
        {
            if (output is { } value)
            {
                writer.WritePropertyName("output");
                writer.WriteRawValue(value.Span, skipInputValidation: true);
            }

            if (error is not null)
            {
                writer.WriteString("error", error);
            }

            if (isRefresh)
            {
                writer.WriteBoolean("stopPod", true);
            }
        });
    }

    /// <summary><c>[values]</c>, all of them known to be good.</summary>
    public static ReadOnlyMemory<byte> List(IReadOnlyList<ReadOnlyMemory<byte>> utf8JsonValues)
    {
        var list = new ArrayBufferWriter<byte>(utf8JsonValues.Sum(value => value.Length + 1) + 2);
        list.Write("["u8);
        for (var i = 0; i < utf8JsonValues.Count; i++)
        {
            list.Write(i == 0 ? ""u8 : ","u8);
            list.Write(utf8JsonValues[i].Span);
        }

        list.Write("]"u8);
        return list.WrittenMemory;
    }

    /// <summary><c>{"status": "IN_PROGRESS", "output": value}</c>; without the status it would end the job.</summary>
    public static ReadOnlyMemory<byte> Progress(JsonNode progress) => Progress(writer => progress.WriteTo(writer));

    /// <summary>The same of JSON that is known to be good.</summary>
    public static ReadOnlyMemory<byte> Progress(ReadOnlyMemory<byte> utf8Json) =>
        Progress(writer => writer.WriteRawValue(utf8Json.Span, skipInputValidation: true));

    private static ReadOnlyMemory<byte> Progress(Action<Utf8JsonWriter> writeValue) =>
        Write(writer =>
        {
            writer.WriteString("status", "IN_PROGRESS");
            writer.WritePropertyName("output");
            writeValue(writer);
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
