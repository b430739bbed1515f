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
        var command = new Command("workspace", "Prints the folder that outlives a worker: the network volume's.")
        {
            link,
        };
        command.SetGuardedAction(
            async (result, _) =>
            {
                var workspace = Find(Configuration.Load());
                if (result.GetValue(link) && workspace.WantsLink && !workspace.TryLink())
                {
                    await Console.Error.WriteLineAsync(
                        $"/workspace is taken and could not be linked to {workspace.Root}; everything goes there directly."
                    );
                }

                if (workspace.Warning is not null)
                {
                    await Console.Error.WriteLineAsync(workspace.Warning);
                }

                await Console.Out.WriteLineAsync(workspace.Root);
                return ExitCode.Done;
            }
        );
        return command;
    }

    public static Workspace Find(IConfiguration configuration) =>
        Workspace.Resolve(SettingsReader.Read<WorkspaceOptions>(configuration), MountPoints.Contains);
}
