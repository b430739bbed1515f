using System.Text.Json;

namespace RunPod.Worker.Emulator.Jobs;

/// <summary>What a client wants done: the body of <c>/run</c> and <c>/runsync</c>.</summary>
/// <param name="Input">Any JSON.</param>
/// <param name="S3Config">Handed to the worker as it is; null where the client sent none.</param>
/// <param name="Webhook">Is told of the job's end.</param>
/// <param name="ExecutionTimeout">How long the job may run; null: as long as the endpoint allows.</param>
/// <param name="TimeToLive">How long the job may live; null: as long as the endpoint allows.</param>
internal sealed record JobRequest(
    byte[] Input,
    byte[]? S3Config,
    Uri? Webhook,
    TimeSpan? ExecutionTimeout,
    TimeSpan? TimeToLive
)
{
    private static readonly TimeSpan ShortestExecution = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestLife = TimeSpan.FromSeconds(10);

    /// <summary>Reads a body; on faults the request is null, and the problem says what to do.</summary>
    public static (JobRequest? Request, string Problem) Read(ReadOnlyMemory<byte> body)
    {
        JsonDocument document;
        try
        {
            document = RawJson.Parse(body);
        }
        catch (JsonException exception)
        {
            return (null, $"the body is not JSON: {exception.Message}");
        }

        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return (null, $"the body is a JSON {root.ValueKind}, but must be an object like {{\"input\": {{…}}}}");
            }

            if (RawJson.Member(root, "input") is not { } input)
            {
                return (null, "'input' is missing; send {\"input\": {…}}");
            }

            string?[] problems =
            [
                ReadWebhook(root, out var webhook),
                ReadPolicy(root, "executionTimeout", ShortestExecution, out var executionTimeout),
                ReadPolicy(root, "ttl", ShortestLife, out var timeToLive),
            ];
            var problem = problems.FirstOrDefault(found => found is not null);
            return problem is null
                ? (new JobRequest(input, RawJson.Value(root, "s3Config"), webhook, executionTimeout, timeToLive), "")
                : (null, problem);
        }
    }

    private static string? ReadWebhook(JsonElement root, out Uri? webhook)
    {
        webhook = null;
        if (!root.TryGetProperty("webhook", out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return
            RawJson.Text(value) is { } text
            && (
                text.Length == 0
                || (Uri.TryCreate(text, UriKind.Absolute, out webhook) && webhook.Scheme is "http" or "https")
            )
            ? null
            : "'webhook' must be an absolute http or https URL";
    }

    private static string? ReadPolicy(JsonElement root, string name, TimeSpan shortest, out TimeSpan? time)
    {
        time = null;
        if (!root.TryGetProperty("policy", out var policy) || policy.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (policy.ValueKind != JsonValueKind.Object)
        {
            return "'policy' must be an object like {\"executionTimeout\": 60000}";
        }

        if (!policy.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (
            value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out var milliseconds)
            && milliseconds >= shortest.TotalMilliseconds
            && milliseconds <= RunPodEmulatorOptions.LongestJob.TotalMilliseconds
        )
        {
            time = TimeSpan.FromMilliseconds(milliseconds);
            return null;
        }

        return $"'policy.{name}' must be milliseconds from {shortest.TotalMilliseconds:0} to "
            + $"{RunPodEmulatorOptions.LongestJob.TotalMilliseconds:0}";
    }
}
