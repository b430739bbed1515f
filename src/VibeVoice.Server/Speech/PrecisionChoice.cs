namespace VibeVoice.Server.Speech;

/// <summary>How exactly a model computes, as <c>--precision</c> and MODEL_PRECISION say it: the whole first, then parts.</summary>
/// <param name="Whole">Null for what the device does best.</param>
/// <param name="Parts">Parts with their own; null for none.</param>
internal sealed record PrecisionChoice(ModelPrecision? Whole, ModelPartPrecisions? Parts)
{
    /// <summary>What is allowed, as the end of a sentence.</summary>
    public const string Expectation =
        "'auto', 'float32', 'float16', 'int8' or 'int4', or parts of their own behind it, as in 'int8,decoder=int4': text, speech, "
        + "sampler, decoder";

    private const string AutoName = "auto";
    private static readonly Dictionary<string, ModelPrecision> Names = Enum.GetValues<ModelPrecision>()
        .ToDictionary(Name, precision => precision, StringComparer.OrdinalIgnoreCase);

    /// <summary>What the device does best, in all parts.</summary>
    public static PrecisionChoice Auto { get; } = new(null, null);

    /// <summary>What a model was loaded with.</summary>
    public static PrecisionChoice Of(VibeVoiceModel model) => new(model.Precision, model.Parts);

    /// <returns>Null where it is no such choice.</returns>
    public static PrecisionChoice? TryParse(string text)
    {
        ModelPrecision? whole = null;
        var parts = new ModelPartPrecisions();
        foreach (var (place, word) in text.Split(',', StringSplitOptions.TrimEntries).Index())
        {
            var pair = word.Split('=', 2, StringSplitOptions.TrimEntries);
            if (pair.Length == 1)
            {
                var isAuto = word.Equals(AutoName, StringComparison.OrdinalIgnoreCase);
                if (place > 0 || (!isAuto && !Names.ContainsKey(word)))
                {
                    return null;
                }

                whole = isAuto ? null : Names[word];
            }
            else if (!Names.TryGetValue(pair[1], out var own) || With(parts, pair[0], own) is not { } more)
            {
                return null;
            }
            else
            {
                parts = more;
            }
        }

        return new PrecisionChoice(whole, parts == new ModelPartPrecisions() ? null : parts);
    }

    /// <summary>As it is written: only those parts are named that differ from the whole.</summary>
    public override string ToString()
    {
        (string, ModelPrecision?)[] parts =
        [
            ("text", Parts?.Text),
            ("speech", Parts?.Speech),
            ("sampler", Parts?.Sampler),
            ("decoder", Parts?.Decoder),
        ];
        return string.Join(
            ',',
            parts
                .Where(part => part.Item2 is { } own && own != Whole)
                .Select(part => $"{part.Item1}={Name(part.Item2!.Value)}")
                .Prepend(Whole is { } whole ? Name(whole) : AutoName)
        );
    }

    /// <returns>Null where there is no such part, or it was named before.</returns>
    private static ModelPartPrecisions? With(ModelPartPrecisions parts, string part, ModelPrecision precision) =>
        part.ToLowerInvariant() switch
        {
            "text" when parts.Text is null => parts with { Text = precision },
            "speech" when parts.Speech is null => parts with { Speech = precision },
            "sampler" when parts.Sampler is null => parts with { Sampler = precision },
            "decoder" when parts.Decoder is null => parts with { Decoder = precision },
            _ => null,
        };

    private static string Name(ModelPrecision precision) => precision.ToString().ToLowerInvariant();
}
