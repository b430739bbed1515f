using System.CommandLine;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>--precision</c> of the commands that measure and compare: the one list of its names.</summary>
internal static class PrecisionOption
{
    private static readonly Dictionary<string, ModelPrecision?> Names = new(StringComparer.Ordinal)
    {
        ["auto"] = null,
        ["float32"] = ModelPrecision.Float32,
        ["float16"] = ModelPrecision.Float16,
        ["int8"] = ModelPrecision.Int8,
        ["int4"] = ModelPrecision.Int4,
    };

    /// <summary>Null for what the device does best.</summary>
    public static Option<ModelPrecision?> Create()
    {
        var names = string.Join(", ", Names.Keys);
        return new Option<ModelPrecision?>("--precision")
        {
            Description = $"How exactly the model computes: {names}. [default: auto, float32 on the processor]",
            HelpName = "precision",
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (!Names.TryGetValue(text, out var precision))
                {
                    result.AddError($"'--precision' is '{Quote.Short(text)}', but must be one of {names}.");
                }

                return precision;
            },
        };
    }
}
