using System.CommandLine;
using System.Text.Json.Nodes;
using VibeVoice.Development;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice dev tokens</c>: token ids against recorded ones.</summary>
internal static class DevTokensCommand
{
    private const int Shown = 5;
    private const int IdsShown = 12;

    public static Command Create()
    {
        var cases = new Argument<string>("cases") { Description = "JSON: [{\"text\": \"…\", \"ids\": [1, 2]}, …]." };
        var tokenizer = new Option<string>("--tokenizer")
        {
            Description = "tokenizer.json, or vocab.json with merges.txt beside it, or a folder with either.",
            HelpName = "file",
            Required = true,
        };
        var json = DevCommand.JsonOption();
        var command = new Command("tokens", "Compares token ids with recorded ones; exit code 0 when all are equal.")
        {
            cases,
            tokenizer,
            json,
        };
        command.SetDevAction(
            async (result, _) =>
            {
                var report = TokenCases.Compare(result.GetRequiredValue(cases), result.GetRequiredValue(tokenizer));
                await DevCommand.PrintAsync(result.GetValue(json) ? [ToJson(report)] : ToLines(report));
                return report.IsEqual ? ExitCode.Done : ExitCode.Failed;
            }
        );
        return command;
    }

    private static IEnumerable<string> ToLines(TokenReport report)
    {
        foreach (var difference in report.Differences.Take(Shown))
        {
            yield return $"Case {difference.Case}, '{Quote.Short(difference.Text)}': from token {difference.FirstDifference} on "
                + $"[{Ids(difference.Found)}], but [{Ids(difference.Expected)}] is recorded.";

            string Ids(IReadOnlyList<int> ids)
            {
                var rest = ids.Skip(difference.FirstDifference).ToArray();
                return string.Join(", ", rest.Take(IdsShown)) + (rest.Length > IdsShown ? ", …" : "");
            }
        }

        if (report.Differences.Count > Shown)
        {
            yield return $"… and {report.Differences.Count - Shown} more that differ.";
        }

        yield return $"{report.Cases - report.Differences.Count} of {report.Cases} texts have the recorded tokens.";
    }

    private static string ToJson(TokenReport report) =>
        new JsonObject
        {
            ["cases"] = report.Cases,
            ["equal"] = report.Cases - report.Differences.Count,
            ["different"] = report.Differences.Count,
            ["is_equal"] = report.IsEqual,
            ["differences"] = new JsonArray([
                .. report.Differences.Select(difference => new JsonObject
                {
                    ["case"] = difference.Case,
                    ["text"] = difference.Text,
                    ["first_difference"] = difference.FirstDifference,
                    ["expected"] = Ids(difference.Expected),
                    ["found"] = Ids(difference.Found),
                }),
            ]),
        }.ToJsonString();

    private static JsonArray Ids(IReadOnlyList<int> ids) => new([.. ids.Select(id => JsonValue.Create(id))]);
}
