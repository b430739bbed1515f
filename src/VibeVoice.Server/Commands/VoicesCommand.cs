using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice voices</c>: the names that requests may use, and how they come here.</summary>
internal static class VoicesCommand
{
    /// <summary>Users report that its preset speaks badly.</summary>
    private const string ReportedBroken = "fr-Spk1_woman";

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "As a JSON array, for programs." };
        var engine = SpeakCommand.EngineOption();
        var model = SpeakCommand.ModelOption();
        var command = new Command("voices", "Lists the voices: name, language, gender, source.")
        {
            json,
            engine,
            model,
            CreateInstall(),
        };
        command.SetGuardedAction(
            async (result, _) =>
            {
                var configuration = Configuration.Load(
                    ("VIBEVOICE_ENGINE", result.GetValue(engine)),
                    ("MODEL_PATH", result.GetValue(model)),
                    // Nothing is computed here.
                    (DeviceOption.Setting, nameof(ModelDevice.Cpu))
                );
                using var logs = Logging.ToStandardError(configuration);
                await using var services = SpeechServices.Build(configuration, logs);
                var catalog = services.GetRequiredService<ISynthesizer>().Voices;
                var library = services.GetService<EngineFiles>()?.Voices;
                catalog.Find(services.GetRequiredService<SpeechSettings>().DefaultVoice, out var standard);
                var rows = catalog.Voices.Select(voice => new Row(
                    voice,
                    IsDefault: voice == standard || catalog.Voices.Count == 1,
                    IsInstalled: library?.IsInstalled(voice) ?? true
                ));
                var text = result.GetValue(json) ? Json(rows) : Table([.. rows]);
                await Console.Out.WriteLineAsync(text);
                return ExitCode.Done;
            }
        );
        return command;
    }

    private static Command CreateInstall()
    {
        var extra = new Option<bool>("--extra")
        {
            Description = "Also the nine archives of experimental voices (144 MB); one that is gone is left out.",
        };
        var model = SpeakCommand.ModelOption();
        var command = new Command("install", "Fetches and converts the voices of the vibevoice engine.")
        {
            extra,
            model,
        };
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var configuration = Configuration.Load(
                    ("VIBEVOICE_ENGINE", nameof(SpeechEngine.VibeVoice)),
                    ("MODEL_PATH", result.GetValue(model)),
                    // Nothing is computed here.
                    (DeviceOption.Setting, nameof(ModelDevice.Cpu))
                );
                using var logs = Logging.ToStandardError(configuration);
                await using var services = SpeechServices.Build(configuration, logs);
                var files = services.GetRequiredService<EngineFiles>();
                var located = await files.EnsureAsync(InstallCare.Trust, cancellationToken);
                if (result.GetValue(extra))
                {
                    var experimental = ActivatorUtilities.CreateInstance<ExperimentalVoices>(services);
                    await experimental.InstallAsync(located.Folder, cancellationToken);
                }

                return ExitCode.Done;
            }
        );
        return command;
    }

    private static string Table(IReadOnlyList<Row> rows)
    {
        var width = rows.Max(row => row.Voice.Name.Length) + 2;
        return string.Join(
            '\n',
            rows.Select(row =>
                $"{row.Voice.Name.PadRight(width)}{row.Voice.Language, -8}{Name(row.Voice.Gender), -9}{Name(row.Voice.Source), -14}{string.Join(", ", row.Notes)}".TrimEnd()
            )
        );
    }

    private static string Json(IEnumerable<Row> rows)
    {
        var array = new JsonArray([
            .. rows.Select(row => new JsonObject
            {
                ["name"] = row.Voice.Name,
                ["language"] = row.Voice.Language,
                ["gender"] = Name(row.Voice.Gender),
                ["source"] = Name(row.Voice.Source),
                ["default"] = row.IsDefault,
                ["experimental"] = row.Voice.IsExperimental,
                ["installed"] = row.IsInstalled,
                ["aliases"] = new JsonArray([.. row.Aliases.Select(alias => JsonValue.Create(alias))]),
            }),
        ]);
        return array.ToJsonString(new JsonSerializerOptions(JobJson.Compact.Options) { WriteIndented = true });
    }

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private sealed record Row(VoiceInfo Voice, bool IsDefault, bool IsInstalled)
    {
        public IEnumerable<string> Aliases =>
            PublishedVoices.Aliases.Where(alias => alias.Value == Voice.Name).Select(alias => alias.Key);

        public IEnumerable<string> Notes
        {
            get
            {
                if (IsDefault)
                {
                    yield return "default";
                }

                if (Voice.IsExperimental && Voice.Source != VoiceSource.Experimental)
                {
                    yield return "experimental";
                }

                if (Voice.Name == ReportedBroken)
                {
                    yield return "reported as broken";
                }

                if (!IsInstalled)
                {
                    yield return "not installed";
                }
            }
        }
    }
}
