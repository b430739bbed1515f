using System.CommandLine;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice install</c>: what the first start on a network volume does.</summary>
internal static class InstallCommand
{
    public static Command Create()
    {
        var engine = SpeakCommand.EngineOption();
        var model = SpeakCommand.ModelOption();
        var force = new Option<bool>("--force") { Description = "Install again, whatever the marker says." };
        var command = new Command(
            "install",
            "Prepares the work directory, checks the tools and fetches the model and its voices; at once done where that has happened."
        )
        {
            engine,
            model,
            force,
        };
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var configuration = Configuration.Load(
                    ("VIBEVOICE_ENGINE", result.GetValue(engine)),
                    ("MODEL_PATH", result.GetValue(model))
                );
                var workspace = WorkspaceCommand.Find(configuration);
                using var logs = Logging.ToStandardError(configuration);
                if (workspace.Warning is { } warning)
                {
                    Logging.Warn(logs.CreateLogger<Installer>(), warning);
                }

                await using var services = SpeechServices.Build(configuration, logs);
                var installer = ActivatorUtilities.CreateInstance<Installer>(services, workspace);
                await installer.InstallAsync(result.GetValue(force), cancellationToken);
                return ExitCode.Done;
            }
        );
        return command;
    }
}
