using System.CommandLine;

namespace VibeVoice.Server.Commands;

/// <summary>
/// <c>--device</c> of the commands that somebody types at a machine of their own. Unlike a worker's, their default is the
/// processor, in every build.
/// </summary>
internal static class DeviceOption
{
    public const string Setting = "MODEL_DEVICE";

    public static Option<string?> Create() =>
        new("--device")
        {
            Description = "Where the model computes: cpu, cuda or auto. [default: MODEL_DEVICE, else cpu]",
            HelpName = "device",
        };

    /// <summary>The processor, where neither the command line nor a setting says anything.</summary>
    public static IConfiguration WithProcessorAsDefault(this IConfiguration configuration)
    {
        if (string.IsNullOrWhiteSpace(configuration[Setting]))
        {
            configuration[Setting] = "cpu";
        }

        return configuration;
    }
}
