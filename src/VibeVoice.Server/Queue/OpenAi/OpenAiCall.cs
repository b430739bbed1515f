using System.Text.Json;

namespace VibeVoice.Server.Queue.OpenAi;

/// <summary>
/// A request to OpenAI's API that came as a job: RunPod makes one of each request to <c>/openai/…</c> of an endpoint
/// (contract §4, §12.1).
/// </summary>
/// <param name="Route">The path, without "/openai" and "/v1" before it and a slash behind it: "audio/speech".</param>
/// <param name="Input">The body; undefined where there is none.</param>
internal sealed record OpenAiCall(string Route, JsonElement Input)
{
    private const string RouteField = "openai_route";
    private const string InputField = "openai_input";

    /// <summary>Segments that stand before the route, each of which may be missing.</summary>
    private static readonly string[] _prefixes = ["openai/", "v1/"];

    /// <returns>null for another job.</returns>
    public static OpenAiCall? Find(JsonElement input) =>
        input.ValueKind == JsonValueKind.Object
        && input.TryGetProperty(RouteField, out var route)
        && route.ValueKind == JsonValueKind.String
            ? new OpenAiCall(
                Shorten(route.GetString()!),
                input.TryGetProperty(InputField, out var body) ? body : default
            )
            : null;

    private static string Shorten(string route)
    {
        route = route.Split('?')[0].Trim('/');
        foreach (var prefix in _prefixes)
        {
            route = route.StartsWith(prefix, StringComparison.Ordinal) ? route[prefix.Length..] : route;
        }

        return route;
    }
}
