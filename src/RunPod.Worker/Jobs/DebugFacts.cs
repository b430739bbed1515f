using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>What <c>--rp_debugger</c> adds to a job's output, under the keys of RunPod's own client.</summary>
internal static class DebugFacts
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 1000,
    };

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1000 };

    /// <summary>Adds <c>rp_debugger</c> to an object. Other outputs have no room for it, and stay as they are.</summary>
    /// <exception cref="JsonException">The output is not one JSON value.</exception>
    public static ReadOnlyMemory<byte> AddTo(
        ReadOnlyMemory<byte> utf8Json,
        DateTimeOffset started,
        DateTimeOffset stopped
    )
    {
        if (JsonNode.Parse(utf8Json.Span, documentOptions: Deep) is not JsonObject output)
        {
            return utf8Json;
        }

        var processStart = new DateTimeOffset(System.Diagnostics.Process.GetCurrentProcess().StartTime);
        output["rp_debugger"] = new JsonObject
        {
            ["system_info"] = new JsonObject
            {
                ["os"] = RuntimeInformation.OSDescription,
                ["processor"] = RuntimeInformation.ProcessArchitecture.ToString(),
                ["dotnet_version"] = Environment.Version.ToString(),
                ["runpod"] = ClientIdentity.Version,
            },
            ["timestamps"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = "handler",
                    ["start_utc"] = started.UtcDateTime.ToString("O"),
                    ["stop_utc"] = stopped.UtcDateTime.ToString("O"),
                    ["duration_ms"] = (stopped - started).TotalMilliseconds,
                }
            ),
            ["ready_delay_ms"] = (started - processStart).TotalMilliseconds,
        };
        return Encoding.UTF8.GetBytes(output.ToJsonString(Readable));
    }
}
