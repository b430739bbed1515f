using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using VibeVoice.Development;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice dev replay</c>: a recorded run, with its noise and fed by nothing else, against what was recorded.</summary>
internal static class DevReplayCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("run") { Description = "A recorded run, .safetensors." };
        var model = new Option<string>("--model")
        {
            Description = "Folder with the checkpoint.",
            HelpName = "folder",
            Required = true,
        };
        var voice = new Option<string>("--voice")
        {
            Description = "The voice preset, .pt or .safetensors.",
            HelpName = "file",
            Required = true,
        };
        var endBias = DevSyntheticCheckpointCommand.EndBiasOption(
            "Takes the place of the end-of-speech bias. [default: what the run tells, else the checkpoint's]"
        );
        var device = DeviceOption.Create();
        var precision = PrecisionOption.Create();
        var json = DevCommand.JsonOption();
        var command = new Command("replay", "Replays a recorded run; exit code 0 when it equals what was recorded.")
        {
            run,
            model,
            voice,
            endBias,
            device,
            precision,
            json,
        };
        command.SetDevAction(
            async (result, cancellationToken) =>
            {
                var recorded = RecordedRun.Load(result.GetRequiredValue(run));
                var place = DeviceOption.Read(result.GetValue(device));
                var exactness = PrecisionOption.Read(result.GetValue(precision), place);
                var options = new ModelOptions
                {
                    Device = place,
                    // What was recorded is float32, which no run in fewer bits would equal.
                    Precision = exactness.Whole ?? (place == ModelDevice.Cuda ? null : ModelPrecision.Float32),
                    Parts = exactness.Parts,
                    EndOfSpeechBias = (float?)result.GetValue(endBias) ?? recorded.EndOfSpeechBias,
                };
                using var loaded = await VibeVoiceModel.LoadAsync(
                    result.GetRequiredValue(model),
                    options,
                    cancellationToken
                );
                var preset = loaded.LoadVoice(result.GetRequiredValue(voice));
                var report = await recorded.ReplayAsync(loaded, preset, cancellationToken);
                await DevCommand.PrintAsync(
                    result.GetValue(json) ? [ToJson(recorded, report, Computing.Of(loaded))] : ToLines(recorded, report)
                );
                return report.IsEqual ? ExitCode.Done : ExitCode.Failed;
            }
        );
        return command;
    }

    private static IEnumerable<string> ToLines(RecordedRun recorded, ReplayReport report)
    {
        yield return $"frames computed  {report.FramesComputed} (recorded {recorded.FramesComputed})";
        yield return $"frames put out   {report.FramesSpoken} (recorded {Known(recorded.FramesSpoken)})";
        yield return $"end reason       {EndReason(report)}";
        yield return $"tokens           {report.Tokens} ({Tokens(report)})";
        foreach (var quantity in report.Quantities)
        {
            var place = quantity.WorstRow is { } row ? $" in {Unit(quantity)} {row}" : "";
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{quantity.Name, -19}{quantity.Error:0.0E+00} of the peak {quantity.Peak:G4}{place} ({quantity.RecordedRows} {Unit(quantity)}s)"
            );
        }

        if (recorded.NotCompared.Count > 0)
        {
            yield return $"not compared     {string.Join(", ", recorded.NotCompared)}";
        }

        foreach (var difference in report.Differences)
        {
            yield return $"DIFFERENT: {difference}";
        }

        yield return report.IsEqual
            ? string.Create(CultureInfo.InvariantCulture, $"Equal to the recorded run within {RecordedRun.Tolerance}.")
            : $"Not equal to the recorded run: {report.Differences.Count} differences.";
    }

    private static string ToJson(RecordedRun recorded, ReplayReport report, Computing computing) =>
        new JsonObject
        {
            ["device"] = computing.Device,
            ["precision"] = computing.Precision,
            ["frames_computed"] = report.FramesComputed,
            ["frames_output"] = report.FramesSpoken,
            ["recorded_frames_computed"] = recorded.FramesComputed,
            ["recorded_frames_output"] = recorded.FramesSpoken,
            ["end_reason"] = EndReason(report),
            ["tokens"] = report.Tokens,
            ["tokens_equal"] = report.TokensAreEqual,
            ["tolerance"] = RecordedRun.Tolerance,
            ["within_tolerance"] = report.IsEqual,
            ["quantities"] = new JsonObject(
                report.Quantities.Select(quantity =>
                    KeyValuePair.Create<string, JsonNode?>(
                        quantity.Name,
                        new JsonObject
                        {
                            ["error"] = Finite(quantity.Error),
                            ["peak"] = Finite(quantity.Peak),
                            [Unit(quantity)] = quantity.WorstRow,
                            ["rows"] = quantity.Rows,
                            ["recorded_rows"] = quantity.RecordedRows,
                            ["within_tolerance"] = quantity.IsWithinTolerance,
                        }
                    )
                )
            ),
            ["differences"] = new JsonArray([.. report.Differences.Select(line => JsonValue.Create(line))]),
            ["not_compared"] = new JsonArray([.. recorded.NotCompared.Select(name => JsonValue.Create(name))]),
        }.ToJsonString();

    private static string EndReason(ReplayReport report) =>
        report.EndReason switch
        {
            SpeechEndReason.EndOfSpeech => "end_of_speech",
            SpeechEndReason.PositionLimit => "position_limit",
            _ => "end_of_recording",
        };

    private static string Tokens(ReplayReport report) =>
        report.TokensAreEqual switch
        {
            true => "the recorded ones",
            false => "not the recorded ones",
            null => "not compared: none are recorded, or the tokenizer is a synthetic checkpoint's",
        };

    private static string Unit(QuantityError quantity) => quantity.IsPerToken ? "token" : "frame";

    private static string Known(int? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "not told";

    // JSON has no NaN.
    private static double? Finite(double number) => double.IsFinite(number) ? number : null;
}
