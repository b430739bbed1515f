using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Server.Queue;

namespace VibeVoice.Server.Diagnosis;

/// <summary>The report, for people and for programs.</summary>
internal static class DoctorOutput
{
    private static readonly JsonSerializerOptions Indented = new(JobJson.Compact.Options) { WriteIndented = true };

    /// <summary>A line for each check: "ok       ffmpeg      ffmpeg 5.1.9 …".</summary>
    public static string Lines(IReadOnlyList<NamedResult> results) =>
        string.Concat(
            results.Select(one =>
                $"{Name(one.Result.State), -9}{one.Name, -12}{one.Result.Message.ReplaceLineEndings(" ")}\n"
            )
        );

    /// <summary>One object, with the checks in their order.</summary>
    public static string Json(IReadOnlyList<NamedResult> results)
    {
        var report = new JsonObject
        {
            ["problems"] = results.Count(one => one.IsProblem),
            ["checks"] = new JsonArray([
                .. results.Select(one => new JsonObject
                {
                    ["name"] = one.Name,
                    ["state"] = Name(one.Result.State),
                    ["message"] = one.Result.Message,
                }),
            ]),
        };
        return $"{report.ToJsonString(Indented)}\n";
    }

    private static string Name(CheckState state) => state.ToString().ToLowerInvariant();
}
