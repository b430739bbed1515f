using System.CommandLine;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice workspace</c>: for scripts that must know where everything is kept.</summary>
internal static class WorkspaceCommand
{
    public static Command Create()
    {
        var link = new Option<bool>("--link")
        {
            Description = "Also make /workspace lead to it, where RunPod mounted the volume elsewhere.",
        };
        var check = new Option<bool>("--check")
        {
            Description = "Also run the quick part of 'vibevoice doctor', and exit with 1 where a worker cannot start.",
        };
        var command = new Command("workspace", "Prints the folder that outlives a worker: the network volume's.")
        {
            link,
            check,
        };
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var configuration = Configuration.Load();
                var workspace = Find(configuration);
                if (result.GetValue(link) && workspace.WantsLink && !workspace.TryLink())
                {
                    await Console.Error.WriteLineAsync(
                        $"/workspace is taken and could not be linked to {workspace.Root}; everything goes there directly."
                    );
                }

                if (workspace.Warning is not null && !result.GetValue(check))
                {
                    await Console.Error.WriteLineAsync(workspace.Warning);
                }

                await Console.Out.WriteLineAsync(workspace.Root);
                return result.GetValue(check)
                    ? await DoctorCommand.RunAtStartAsync(configuration, workspace, cancellationToken)
                    : ExitCode.Done;
            }
        );
        return command;
    }

    public static Workspace Find(IConfiguration configuration) =>
        Workspace.Resolve(SettingsReader.Read<WorkspaceOptions>(configuration), MountPoints.Contains);
}
