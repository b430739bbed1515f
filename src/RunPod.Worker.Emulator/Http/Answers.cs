using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RunPod.Worker.Emulator.Jobs;

namespace RunPod.Worker.Emulator.Http;

/// <summary>How the emulator answers: JSON with a length, and 200 for all that went well, since clients insist on it.</summary>
internal static class Answers
{
    public static async Task WriteAsync(
        HttpContext http,
        ReadOnlyMemory<byte> json,
        int status = StatusCodes.Status200OK
    )
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = json.Length;
        await http.Response.Body.WriteAsync(json, http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary><c>{"error": "…"}</c></summary>
    public static Task WriteErrorAsync(HttpContext http, int status, string error) =>
        WriteAsync(http, JobSnapshot.WriteJson(writer => writer.WriteString("error", error)), status);

    public static Task UnknownJobAsync(HttpContext http, string jobId) =>
        WriteErrorAsync(
            http,
            StatusCodes.Status404NotFound,
            $"job '{jobId}' does not exist, or its time is over: results are kept for a while, and the ttl ends any job"
        );

    /// <summary>An array of values that are JSON already, each an object written by <paramref name="write"/>.</summary>
    public static ReadOnlyMemory<byte> Array<T>(IEnumerable<T> values, Action<Utf8JsonWriter, T> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (var value in values)
            {
                writer.WriteStartObject();
                write(writer, value);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return buffer.ToArray();
    }
}
