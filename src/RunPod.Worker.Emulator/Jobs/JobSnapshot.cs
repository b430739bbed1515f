using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RunPod.Worker.Emulator.Jobs;

/// <summary>A job at one moment, as <c>/status</c> and webhooks show it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">Its state.</param>
/// <param name="DelayTime">From the submission to the start of the last attempt; null before that.</param>
/// <param name="ExecutionTime">Of the last attempt; null before its end.</param>
/// <param name="WorkerId">The worker that has it, or had it last.</param>
/// <param name="Retries">How often it was handed out again.</param>
/// <param name="Output">The result, or the progress.</param>
/// <param name="Error">Why it failed.</param>
internal sealed record JobSnapshot(
    string Id,
    JobState State,
    TimeSpan? DelayTime,
    TimeSpan? ExecutionTime,
    string? WorkerId,
    int Retries,
    byte[]? Output,
    byte[]? Error
)
{
    /// <summary>The document of <c>/status</c>.</summary>
    public ReadOnlyMemory<byte> ToStatus() =>
        WriteJson(writer =>
        {
            WriteTime(writer, "delayTime", DelayTime);
            WriteRaw(writer, "error", Error);
            WriteTime(writer, "executionTime", ExecutionTime);
            writer.WriteString("id", Id);
            WriteRaw(writer, "output", Output);
            if (Retries > 0)
            {
                writer.WriteNumber("retries", Retries);
            }

            writer.WriteString("status", State.Name());
            if (WorkerId is not null)
            {
                writer.WriteString("workerId", WorkerId);
            }
        });

    /// <summary><c>{"id", "status"}</c>: what there is to say to a client that is told no more.</summary>
    public ReadOnlyMemory<byte> ToBrief() =>
        WriteJson(writer =>
        {
            writer.WriteString("id", Id);
            writer.WriteString("status", State.Name());
        });

    /// <summary>The document of <c>/stream</c>.</summary>
    public ReadOnlyMemory<byte> ToStream(IReadOnlyList<byte[]> pieces) =>
        WriteJson(writer =>
        {
            writer.WriteString("status", State.Name());
            writer.WriteStartArray("stream");
            foreach (var piece in pieces)
            {
                writer.WriteStartObject();
                WriteRaw(writer, "output", piece);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });

    /// <summary>Writes one JSON object.</summary>
    public static ReadOnlyMemory<byte> WriteJson(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (
            var writer = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Writes a member that was checked when it came; nothing where it is null.</summary>
    public static void WriteRaw(Utf8JsonWriter writer, string name, byte[]? value)
    {
        if (value is not null)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(value, skipInputValidation: true);
        }
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, TimeSpan? time)
    {
        if (time is { } known)
        {
            writer.WriteNumber(name, (long)known.TotalMilliseconds);
        }
    }
}
