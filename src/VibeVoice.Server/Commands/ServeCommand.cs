using System.CommandLine;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice serve</c>: what the bootstrap script runs on a load-balancing endpoint. Says that there is none yet.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", EndpointOptions.NoServer)
        {
            Hidden = true,
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetGuardedAction((_, _) => throw new SettingsException(EndpointOptions.NoServer));
        return command;
    }
}
