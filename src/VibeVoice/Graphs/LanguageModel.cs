using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>A stack of decoder layers, embeddings in and hidden states out, with a final norm where it has one.</summary>
internal sealed class LanguageModel
{
    private readonly string _name;
    private readonly IReadOnlyList<DecoderLayer> _layers;
    private readonly RmsNorm? _norm;

    private LanguageModel(string name, int layers, bool hasNorm, LanguageConfig config, AttentionKernel kernel)
    {
        var path = $"model.{name}";
        _name = name;
        _layers =
        [
            .. Enumerable.Range(0, layers).Select(i => new DecoderLayer($"{path}.layers.{i}", i, config, kernel)),
        ];
        _norm = hasNorm ? new RmsNorm($"{path}.norm", config.HiddenSize, config.RmsNormEpsilon) : null;
    }

    /// <summary><c>language_model</c>: reads text only, and hands its last layer on without a norm.</summary>
    public static LanguageModel Text(LanguageConfig config, AttentionKernel kernel) =>
        new("language_model", config.TextLayers, hasNorm: false, config, kernel);

    /// <summary><c>tts_language_model</c>: reads what the text model made, and the speech that came out so far.</summary>
    public static LanguageModel Speech(LanguageConfig config, AttentionKernel kernel) =>
        new("tts_language_model", config.SpeechLayers, hasNorm: true, config, kernel);

    public Value Forward(GraphBuilder g, Value x, params IReadOnlyList<AttentionSequence> sequences)
    {
        using var module = g.Enter(_name);
        foreach (var layer in _layers)
        {
            x = layer.Forward(g, x, sequences);
        }

        return _norm is null ? x : _norm.Forward(g, x);
    }
}
