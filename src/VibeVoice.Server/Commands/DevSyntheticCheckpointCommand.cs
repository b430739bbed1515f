using System.CommandLine;
using System.Globalization;
using VibeVoice.Development;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice dev synthetic-checkpoint</c>: a checkpoint of computed weights, for parity and speed.</summary>
internal static class DevSyntheticCheckpointCommand
{
    public static Command Create()
    {
        var config = new Option<string>("--config")
        {
            Description = "The config.json whose sizes it has; a preprocessor_config.json beside it is copied.",
            HelpName = "file",
            Required = true,
        };
        var output = new Option<string>("--out")
        {
            Description = "The folder to make. One that holds anything but an earlier synthetic checkpoint is refused.",
            HelpName = "folder",
            Required = true,
        };
        var endBias = EndBiasOption("Bias of the end of speech: -50 never ends. [default: -1.5]");
        var command = new Command(
            "synthetic-checkpoint",
            "Writes a checkpoint of computed weights, with a tokenizer and a voice; it speaks noise."
        )
        {
            config,
            output,
            endBias,
        };
        command.SetDevAction(
            async (result, cancellationToken) =>
            {
                var folder = result.GetRequiredValue(output);
                using var line = new ProgressLine(isQuiet: false);
                SyntheticCheckpoint.Write(
                    result.GetRequiredValue(config),
                    folder,
                    (float)(result.GetValue(endBias) ?? SyntheticCheckpoint.DefaultEndOfSpeechBias),
                    new Progress(line),
                    cancellationToken
                );
                line.Dispose();
                var files = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories);
                await Console.Error.WriteLineAsync(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Wrote {folder}: {files.Sum(file => file.Length):N0} bytes, voice {SyntheticCheckpoint.VoiceName}."
                    )
                );
                return ExitCode.Done;
            }
        );
        return command;
    }

    public static Option<double?> EndBiasOption(string description) =>
        NumberOption.Create("--end-bias", new NumberRange(-1000, 1000), "number", description);

    private sealed class Progress(ProgressLine line) : IProgress<double>
    {
        private int _percent = -1;

        public void Report(double value)
        {
            if ((int)(100 * value) is var percent && percent != _percent)
            {
                _percent = percent;
                line.Show($"Writing weights… {percent} %");
            }
        }
    }
}
