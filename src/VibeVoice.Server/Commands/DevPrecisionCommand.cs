using System.CommandLine;
using System.Text.Json.Nodes;
using VibeVoice.Development;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;
using static System.FormattableString;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice dev precision</c>: what weights of fewer bits cost, part by part, in dB and in MB.</summary>
internal static class DevPrecisionCommand
{
    private const int QuantityWidth = 42;
    private static readonly NumberRange Frames = new(1, 10_000, IsWhole: true);
    private static readonly NumberRange Threads = new(1, 1_000, IsWhole: true);

    public static Command Create()
    {
        var model = new Option<string>("--model")
        {
            Description = "Folder with the checkpoint.",
            HelpName = "folder",
            Required = true,
        };
        var voice = new Option<string?>("--voice")
        {
            Description = "The voice preset, .pt or .safetensors. [default: the first in the model's 'voices' folder]",
            HelpName = "file",
        };
        var recorded = new Option<string?>("--recorded")
        {
            Description = "A recorded run, .safetensors, to compare with. [default: the same checkpoint, exact]",
            HelpName = "run",
        };
        var tokenizer = new Option<string?>("--tokenizer")
        {
            Description = "Folder of the tokenizer where nothing is recorded. [default: the checkpoint's]",
            HelpName = "folder",
        };
        var frames = NumberOption.Create("--frames", Frames, "number", "Frames to compare. [default: 32]");
        var threads = NumberOption.Create(
            "--threads",
            Threads,
            "number",
            "Threads. [default: all that the process may use]"
        );
        var part = PartOption();
        var json = DevCommand.JsonOption();
        var command = new Command(
            "precision",
            "Measures what weights of 8 and 4 bits cost, each part alone and together."
        )
        {
            model,
            voice,
            recorded,
            tokenizer,
            part,
            frames,
            threads,
            json,
        };
        command.SetDevAction(
            async (result, cancellationToken) =>
            {
                var folder = result.GetRequiredValue(model);
                var isJson = result.GetValue(json);
                var report = await PrecisionMeasurement.RunAsync(
                    new PrecisionMeasurementOptions
                    {
                        Model = folder,
                        Voice = result.GetValue(voice) ?? FirstVoice(folder),
                        Recorded = result.GetValue(recorded) is { } path ? RecordedRun.Load(path) : null,
                        Frames = (int?)result.GetValue(frames) ?? 32,
                        Part = result.GetValue(part),
                        Threads = (int?)result.GetValue(threads),
                        TokenizerFolder = result.GetValue(tokenizer),
                        OnCase = isJson ? null : Print,
                    },
                    cancellationToken
                );
                await DevCommand.PrintAsync(isJson ? [ToJson(report)] : [Summary(report)]);
                return ExitCode.Done;
            }
        );
        return command;
    }

    private static Option<PrecisionPart?> PartOption()
    {
        var names = Enum.GetValues<PrecisionPart>().ToDictionary(Name, part => part, StringComparer.Ordinal);
        return new Option<PrecisionPart?>("--part")
        {
            Description = $"What has fewer bits: {string.Join(", ", names.Keys)}. [default: each in its turn]",
            HelpName = "part",
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (names.TryGetValue(text, out var part))
                {
                    return part;
                }

                result.AddError(
                    $"'--part' is '{Quote.Short(text)}', but must be one of {string.Join(", ", names.Keys)}."
                );
                return null;
            },
        };
    }

    private static string FirstVoice(string model)
    {
        var presets = new PresetFolder(Path.Combine(model, "voices"));
        return presets.PathOf(presets.Catalog.Voices[0]);
    }

    // Each as it comes: at full size one takes a while.
    private static void Print(PrecisionCase measured)
    {
        var megabytes = Invariant($"{measured.PartBytes / 1e6:F1} MB of {measured.AllBytes / 1e6:F1} MB of weights");
        Console.Out.WriteLine($"{Name(measured.Part)}: {measured.Precision}, {megabytes}");
        foreach (var error in measured.Errors)
        {
            Console.Out.WriteLine($"  {error.Quantity.PadRight(QuantityWidth)}{Describe(error)}");
        }
    }

    private static string Describe(PrecisionError error) =>
        double.IsPositiveInfinity(error.Decibels)
            ? "equal"
            : Invariant($"{error.Decibels, 6:F1} dB, worst {error.WorstDecibels:F1} dB in frame {error.WorstFrame}, ")
                + Invariant($"largest difference {error.RelativeError:0.0E+00} of the peak");

    private static string Summary(PrecisionReport report) =>
        Invariant($"{report.Frames} frames, compared with ")
        + (report.IsRecorded ? "the recorded run." : "what the same checkpoint makes with exact weights.");

    private static string ToJson(PrecisionReport report) =>
        new JsonObject
        {
            ["frames"] = report.Frames,
            ["reference"] = report.IsRecorded ? "recorded" : "exact",
            ["cases"] = new JsonArray([
                .. report.Cases.Select(measured => new JsonObject
                {
                    ["part"] = Name(measured.Part),
                    ["precision"] = measured.Precision,
                    ["part_bytes"] = measured.PartBytes,
                    ["all_bytes"] = measured.AllBytes,
                    ["errors"] = new JsonArray([
                        .. measured.Errors.Select(error => new JsonObject
                        {
                            ["quantity"] = error.Quantity,
                            ["relative_error"] = Finite(error.RelativeError),
                            ["decibels"] = Finite(error.Decibels),
                            ["worst_decibels"] = Finite(error.WorstDecibels),
                            ["worst_frame"] = error.WorstFrame,
                            ["is_equal"] = error.RelativeError == 0,
                        }),
                    ]),
                }),
            ]),
        }.ToJsonString();

    private static string Name(PrecisionPart part) => part.ToString().ToLowerInvariant();

    // JSON has no NaN and no ∞.
    private static double? Finite(double number) => double.IsFinite(number) ? number : null;
}
