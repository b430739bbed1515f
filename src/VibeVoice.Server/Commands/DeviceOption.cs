using System.CommandLine;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

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

    /// <summary>The same for the commands that an endpoint runs.</summary>
    public static Option<string?> CreateForEndpoint() =>
        new("--device")
        {
            Description =
                "Where the model computes: cpu, cuda or auto. [default: MODEL_DEVICE, else cuda in the CUDA build]",
            HelpName = "device",
        };

    /// <summary>The device for a command that takes nothing else from the settings.</summary>
    /// <param name="option">The value of <c>--device</c>.</param>
    /// <exception cref="SettingsException">It is none that there could be.</exception>
    public static ModelDevice Read(string? option) =>
        SettingsReader
            .Read<SpeechSettings>(Configuration.Load((Setting, option)).WithProcessorAsDefault())
            .ModelDevice!.Value;

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
