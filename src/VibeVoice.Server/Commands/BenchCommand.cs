using System.CommandLine;
using System.Text.Json;
using VibeVoice.Server.Benchmarking;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice bench</c>: how fast a checkpoint speaks on this machine, part by part.</summary>
internal static class BenchCommand
{
    private static readonly NumberRange Counts = new(1, 1_000_000, IsWhole: true);

    public static Command Create()
    {
        var model = SpeakCommand.ModelOption();
        var voice = new Option<FileInfo?>("--voice")
        {
            Description = "A preset (.pt or .safetensors). [default: the first in the model's 'voices' folder]",
            HelpName = "file",
        };
        var device = DeviceOption.Create();
        var precision = PrecisionOption.Create();
        var threads = NumberOption.Create(
            "--threads",
            Counts,
            "number",
            "Threads. [default: all that the process may use]"
        );
        var steps = NumberOption.Create(
            "--steps",
            SpeechLimits.InferenceSteps,
            "number",
            "Diffusion steps for each frame."
        );
        var streams = NumberOption.Create("--streams", Counts, "number", "Requests at once. [default: 1]");
        var frames = NumberOption.Create("--frames", Counts, "number", "Frames of each stream. [default: 60]");
        var json = new Option<bool>("--json") { Description = "The figures as JSON, for programs." };
        var command = new Command("bench", "Measures how fast a checkpoint speaks on this machine.")
        {
            model,
            voice,
            device,
            precision,
            threads,
            steps,
            streams,
            frames,
            json,
        };
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var configuration = Configuration
                    .Load(("MODEL_PATH", result.GetValue(model)), (DeviceOption.Setting, result.GetValue(device)))
                    .WithProcessorAsDefault();
                var settings = SettingsReader.Read<SpeechSettings>(configuration);
                var options = new BenchOptions(
                    settings.ModelPath,
                    VoiceFile(result.GetValue(voice), settings),
                    settings.ModelDevice!.Value,
                    PrecisionOption.Read(result.GetValue(precision), settings.ModelDevice!.Value),
                    (int?)result.GetValue(threads),
                    (int?)result.GetValue(steps),
                    (int?)result.GetValue(streams) ?? 1,
                    (int?)result.GetValue(frames) ?? 60,
                    WorkspaceCommand.Find(configuration).CompiledFolder
                );
                await RunAsync(options, result.GetValue(json), cancellationToken);
                return ExitCode.Done;
            }
        );
        return command;
    }

    private static async Task RunAsync(BenchOptions options, bool asJson, CancellationToken cancellationToken)
    {
        try
        {
            var result = await Bench.RunAsync(options, cancellationToken);
            await Console.Out.WriteLineAsync(
                asJson ? JsonSerializer.Serialize(result, BenchJson.Default.BenchResult) : BenchTable.Write(result)
            );
        }
        catch (DeviceUnavailableException exception)
        {
            throw new SettingsException($"'--device' cannot be had. {exception.Message}");
        }
        catch (Exception exception) when (exception is ModelFormatException or WeightMismatchException)
        {
            throw new SpeechFailedException($"The model cannot be loaded. {exception.Message}", exception);
        }
    }

    private static string VoiceFile(FileInfo? file, SpeechSettings settings)
    {
        if (file is { Exists: false })
        {
            throw new SettingsException($"'--voice' is '{file}', but there is no such file.");
        }

        if (file is not null)
        {
            return file.FullName;
        }

        var presets = new PresetFolder(settings.VoicesPath ?? Path.Combine(settings.ModelPath, "voices"));
        return presets.PathOf(presets.Catalog.Voices[0]);
    }
}
