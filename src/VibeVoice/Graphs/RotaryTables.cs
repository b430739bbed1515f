using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>cos and sin of position · θ^(−2j/Dh), <c>[positions, Dh / 2]</c>: rotary position embedding, half-split.</summary>
internal static class RotaryTables
{
    public static Weight Cosines(LanguageConfig config) => Table("rotary.cosines", config, MathF.Cos);

    public static Weight Sines(LanguageConfig config) => Table("rotary.sines", config, MathF.Sin);

    private static Weight Table(string name, LanguageConfig config, Func<float, float> function)
    {
        var half = config.HeadSize / 2;
        return new Weight(
            name,
            [config.MaxPositions, half],
            (_, table) =>
            {
                for (var j = 0; j < half; j++)
                {
                    // Rounded to float32 as the reference does: at thousands of positions the phase would differ.
                    var frequency = 1 / MathF.Pow((float)config.RopeTheta, 2f * j / config.HeadSize);
                    for (var position = 0; position < config.MaxPositions; position++)
                    {
                        table[(position * half) + j] = function(position * frequency);
                    }
                }
            }
        );
    }
}
