using System.CommandLine;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice dev</c>: for whoever works on the engine, or wants to know whether it computes what it should.</summary>
internal static class DevCommand
{
    public static Command Create() =>
        new(
            "dev",
            "For work on the engine: synthetic checkpoints, recorded runs replayed, precisions and token ids compared."
        )
        {
            DevSyntheticCheckpointCommand.Create(),
            DevReplayCommand.Create(),
            DevPrecisionCommand.Create(),
            DevTokensCommand.Create(),
        };

    public static Option<bool> JsonOption() =>
        new("--json") { Description = "Print the result as one JSON object on standard output." };

    public static async Task PrintAsync(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            await Console.Out.WriteLineAsync(line);
        }
    }

    /// <summary>As all commands, and a file that is not what it should be is a wrong argument here.</summary>
    public static void SetDevAction(this Command command, Func<ParseResult, CancellationToken, Task<int>> run) =>
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                try
                {
                    return await run(result, cancellationToken);
                }
                catch (Exception exception)
                    when (exception is ModelFormatException or WeightMismatchException or DeviceUnavailableException)
                {
                    throw new SettingsException(exception.Message);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    throw new SpeechFailedException(exception.Message, exception);
                }
            }
        );
}
