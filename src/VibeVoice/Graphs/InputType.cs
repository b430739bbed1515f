using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>Added to what enters <c>tts_language_model</c>: whether it is speech or text.</summary>
internal sealed class InputType(LanguageConfig config)
{
    private const int Kinds = 2;

    public Value AddSpeech(GraphBuilder g, Value x) => Add(g, x, 0);

    public Value AddText(GraphBuilder g, Value x) => Add(g, x, 1);

    private Value Add(GraphBuilder g, Value x, long kind)
    {
        using var module = g.Enter("tts_input_types");
        var table = g.Weight(Weight.Stored("model.tts_input_types.weight", Kinds, config.HiddenSize));
        return g.Add(x, g.Gather(table, g.Integer(kind)));
    }
}
