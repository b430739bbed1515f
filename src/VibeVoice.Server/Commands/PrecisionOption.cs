using System.CommandLine;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>--precision</c>, which wins over MODEL_PRECISION.</summary>
internal static class PrecisionOption
{
    public const string Setting = "MODEL_PRECISION";

    public static Option<string?> Create()
    {
        var option = new Option<string?>("--precision")
        {
            Description =
                "How exactly the model computes: auto, float32, float16, int8, int4; parts of their own behind it, as in "
                + "int8,decoder=int4 (text, speech, sampler, decoder). [default: MODEL_PRECISION, else auto]",
            HelpName = "precision",
        };
        option.Validators.Add(result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (PrecisionChoice.TryParse(text) is null)
            {
                result.AddError($"'--precision' is '{Quote.Short(text)}', but must be {PrecisionChoice.Expectation}.");
            }
        });
        return option;
    }

    /// <summary>The precision for a command that takes nothing else from the settings.</summary>
    /// <param name="option">The value of <c>--precision</c>.</param>
    /// <param name="device">Where it computes.</param>
    /// <exception cref="SettingsException">The setting is none that there could be, or the device cannot compute so.</exception>
    public static PrecisionChoice Read(string? option, ModelDevice device)
    {
        var choice = SettingsReader
            .Read<SpeechSettings>(Configuration.Load((Setting, option)).WithProcessorAsDefault())
            .ModelPrecision;
        try
        {
            return DeviceChoice.Make(device).FindProblem(choice.Whole, choice.Parts) is { } problem
                ? throw new SettingsException(problem)
                : choice;
        }
        catch (DeviceUnavailableException)
        {
            return choice; // whoever loads the model tells that, and in other words
        }
    }
}
