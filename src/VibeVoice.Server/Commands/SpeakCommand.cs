using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice speak</c>: text from the command line or standard input, audio to a file or standard output.</summary>
internal static class SpeakCommand
{
    public static Command Create()
    {
        var text = new Argument<string>("text") { Description = "The words to speak; '-' reads standard input." };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "The file to write; '-' writes the audio to standard output. [default: speech.<format>]",
            HelpName = "file",
        };
        var speech = new SpeechFlags();
        var format = new Option<string?>("--format")
        {
            Description = $"{AudioFormat.Names}. [default: the output file's extension, else mp3]",
            HelpName = "format",
        };
        var engine = EngineOption();
        var model = ModelOption();
        var device = DeviceOption.Create();
        var precision = PrecisionOption.Create();
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Print what would be spoken, chunk by chunk, and write no audio.",
        };
        var json = new Option<bool>("--json") { Description = "With --dry-run: print it as JSON." };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "No progress and no summary on standard error." };

        var command = new Command("speak", "Speaks text into an audio file.")
        {
            text,
            output,
            format,
            engine,
            model,
            device,
            precision,
            dryRun,
            json,
            quiet,
        };
        speech.AddTo(command);
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var file = result.GetValue(output);
                var problems = new List<SpeechProblem>();
                var input = speech.Read(result) with
                {
                    Text = await TextInput.ReadAsync(result.GetValue(text)!, cancellationToken),
                    Format = result.GetValue(format) ?? OutputFile.FormatOf(file, problems),
                };
                var configuration = Configuration
                    .Load(
                        ("VIBEVOICE_ENGINE", result.GetValue(engine)),
                        ("MODEL_PATH", result.GetValue(model)),
                        (DeviceOption.Setting, result.GetValue(device)),
                        (PrecisionOption.Setting, result.GetValue(precision))
                    )
                    .WithProcessorAsDefault();
                var isQuiet = result.GetValue(quiet);
                using var logs = isQuiet ? NullLoggerFactory.Instance : Logging.OfDownloads(configuration);
                await using var services = SpeechServices.Build(configuration, logs, isQuiet);
                var request = services
                    .GetRequiredService<SpeechRequestFactory>()
                    .Create(input, SpeechFlags.Names, problems);
                return result.GetValue(dryRun)
                    ? await OutlineAsync(services, request, result.GetValue(json), cancellationToken)
                    : await SpeakAsync(services, request, file, isQuiet, cancellationToken);
            }
        );
        return command;
    }

    public static Option<string?> EngineOption() =>
        new("--engine")
        {
            Description = "vibevoice (the model) or preview (espeak-ng). [default: VIBEVOICE_ENGINE, else vibevoice]",
            HelpName = "engine",
        };

    public static Option<string?> ModelOption() =>
        new("--model")
        {
            Description = "Checkpoint of the vibevoice engine: a folder or a hub id. [default: MODEL_PATH]",
            HelpName = "folder or id",
        };

    private static async Task<int> OutlineAsync(
        IServiceProvider services,
        SpeechRequest request,
        bool isJson,
        CancellationToken cancellationToken
    )
    {
        var synthesizer = services.GetRequiredService<ISynthesizer>();
        var outline = await synthesizer.OutlineAsync(request, cancellationToken);
        await DryRunOutput.WriteAsync(outline, request, synthesizer, isJson);
        return ExitCode.Done;
    }

    private static async Task<int> SpeakAsync(
        IServiceProvider services,
        SpeechRequest request,
        string? file,
        bool isQuiet,
        CancellationToken cancellationToken
    )
    {
        var synthesizer = services.GetRequiredService<ISynthesizer>();
        await synthesizer.LoadAsync(cancellationToken);
        if (
            !isQuiet
            && synthesizer.Computing is { } computing
            && services.GetRequiredService<SpeechSettings>().ModelDevice == ModelDevice.Auto
        )
        {
            await Console.Error.WriteLineAsync(computing.Reason);
        }

        using var progress = new ProgressLine(isQuiet);
        await using var output = await AudioOutput.OpenAsync(
            file ?? $"speech.{request.Format.Name}",
            cancellationToken
        );
        var run = services
            .GetRequiredService<SpeechPipeline>()
            .Start(
                request with
                {
                    IsHeardWhole = output.IsFile,
                },
                output.HeadCanBeCompleted,
                progress.Report,
                cancellationToken
            );
        if (!await output.WriteAsync(run.Audio, cancellationToken))
        {
            // Whoever read our output has had enough of it.
            return ExitCode.Done;
        }

        progress.Finish(run.Report(), output.Name, output.Bytes);
        return ExitCode.Done;
    }
}
