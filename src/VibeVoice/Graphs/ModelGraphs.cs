using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>The graphs around the language models, and the names of what goes in and out of them.</summary>
internal static class ModelGraphs
{
    public const string Embeddings = "embeddings";
    public const string Hidden = "hidden";
    public const string Latent = "latent";
    public const string EndLogit = "end_logit";
    public const string Positive = "positive";
    public const string Negative = "negative";

    /// <summary>Text: T embeddings through <c>language_model</c>.</summary>
    public static OnnxGraph Text(ModelConfig config, AttentionKernel kernel, ModelPrecision precision)
    {
        var g = new GraphBuilder("text", precision);
        var width = config.Language.HiddenSize;
        var x = g.Input(Embeddings, 1, "tokens", width);
        var sequence = new AttentionSequence(g, Positive, config.Language);
        g.Output(Hidden, LanguageModel.Text(config.Language, kernel).Forward(g, x, [sequence]), 1, "tokens", width);
        return g.Build();
    }

    /// <summary>Text entering speech: T hidden states of the text model through <c>tts_language_model</c>.</summary>
    public static OnnxGraph SpeechText(ModelConfig config, AttentionKernel kernel, ModelPrecision precision)
    {
        var g = new GraphBuilder("speech_text", precision);
        var width = config.Language.HiddenSize;
        var x = new InputType(config.Language).AddText(g, g.Input(Embeddings, 1, "tokens", width));
        var sequence = new AttentionSequence(g, Positive, config.Language);
        g.Output(Hidden, LanguageModel.Speech(config.Language, kernel).Forward(g, x, [sequence]), 1, "tokens", width);
        return g.Build();
    }

    /// <summary>A latent fed back: the connector, <c>tts_language_model</c> on both branches, and whether it was the last.</summary>
    public static OnnxGraph SpeechFrame(
        ModelConfig config,
        AttentionKernel kernel,
        ModelPrecision precision,
        float? endOfSpeechBias
    )
    {
        var g = new GraphBuilder("speech_frame", precision);
        var width = config.Language.HiddenSize;
        var latent = g.Input(Latent, 1, 1, config.Acoustic.LatentSize);
        var x = new InputType(config.Language).AddSpeech(g, new Connector(config).Forward(g, latent)); // [1, 1, D]
        var positive = new AttentionSequence(g, Positive, config.Language);
        var negative = new AttentionSequence(g, Negative, config.Language);
        var hidden = LanguageModel
            .Speech(config.Language, kernel)
            .Forward(g, g.Concatenate(0, x, x), [positive, negative]); // [2, 1, D]
        var last = g.Reshape(g.Slice(hidden, 0, 0, 1), 1, width); // the positive branch decides
        g.Output(Hidden, hidden, 2, 1, width);
        g.Output(EndLogit, new EndOfSpeech(config.Language, endOfSpeechBias).Forward(g, last), 1, 1);
        return g.Build();
    }
}
