using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>Added to what enters <c>tts_language_model</c>: whether it is speech or text.</summary>
internal sealed class InputType(LanguageConfig config)
{
    private const int Kinds = 2;

    public Value AddSpeech(GraphBuilder g, Value x) => Add(g, x, 0);

    public Value AddText(GraphBuilder g, Value x) => Add(g, x, 1);

    private Value Add(GraphBuilder g, Value x, int kind)
    {
        using var module = g.Enter("tts_input_types");
        return g.Add(x, g.Weight(Row(kind)));
    }

    private Weight Row(int kind)
    {
        const string name = "model.tts_input_types.weight";
        return new Weight(
            $"{name}.{kind}",
            [config.HiddenSize],
            (checkpoint, row) =>
                checkpoint
                    .Read(name, Kinds, config.HiddenSize)
                    .AsSpan(kind * config.HiddenSize, config.HiddenSize)
                    .CopyTo(row)
        );
    }
}
