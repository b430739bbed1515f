using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>What a client is told of an exception that was not meant for it.</summary>
internal static class HandlerError
{
    /// <summary>Deep stacks say no more in their middle.</summary>
    private const int LongestTrace = 8 * 1024;

    private static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A sentence that says nothing of the exception, but where to look.</summary>
    public static string Hidden(string errorId) =>
        $"The worker failed while it ran this job. Its log has the details under error {errorId}: "
        + "please quote that to whoever runs this endpoint.";

    /// <summary>JSON text with the keys that RunPod's own client for Python sends.</summary>
    public static string Full(Exception exception, RunPodWorkerOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            writer.WriteString("error_type", exception.GetType().FullName);
            writer.WriteString("error_message", exception.Message);
            writer.WriteString("error_traceback", Shorten(exception.ToString()));
            writer.WriteString("hostname", options.PodHostname ?? "unknown");
            writer.WriteString("worker_id", options.WorkerId ?? "unknown");
            writer.WriteString("runpod_version", ClientIdentity.Version);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Shorten(string trace) =>
        trace.Length <= LongestTrace ? trace : $"{trace[..(LongestTrace / 2)]}\n…\n{trace[^(LongestTrace / 2)..]}";
}
