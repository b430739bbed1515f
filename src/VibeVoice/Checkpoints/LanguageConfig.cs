namespace VibeVoice.Checkpoints;

/// <summary>The Qwen2 decoder that is split into <c>language_model</c> and <c>tts_language_model</c>.</summary>
/// <param name="TextLayers">Layers of <c>language_model</c>, which has no final norm.</param>
/// <param name="SpeechLayers">Layers of <c>tts_language_model</c>, which has one.</param>
internal sealed record LanguageConfig(
    int HiddenSize,
    int IntermediateSize,
    int TextLayers,
    int SpeechLayers,
    int QueryHeads,
    int KeyValueHeads,
    int HeadSize,
    float RmsNormEpsilon,
    double RopeTheta,
    int MaxPositions,
    int VocabularySize
)
{
    public static LanguageConfig Read(JsonFile config)
    {
        const int maximumLayers = 1024;
        var decoder = config.Object("decoder_config");
        var hiddenSize = decoder.Count("hidden_size");
        var queryHeads = decoder.Count("num_attention_heads");
        var keyValueHeads = decoder.Count("num_key_value_heads", queryHeads);
        var layers = decoder.Count("num_hidden_layers", maximum: maximumLayers);
        var speechLayers = config.Count("tts_backbone_num_hidden_layers", maximum: maximumLayers);
        if (queryHeads % keyValueHeads != 0)
        {
            throw decoder.Wrong(
                "num_key_value_heads",
                $"{keyValueHeads}",
                $"a divisor of the {queryHeads} query heads"
            );
        }

        if (speechLayers >= layers)
        {
            throw config.Wrong(
                "tts_backbone_num_hidden_layers",
                $"{speechLayers}",
                $"a number below the {layers} layers of the decoder"
            );
        }

        if (hiddenSize % queryHeads != 0 && !decoder.Has("head_dim"))
        {
            throw decoder.Wrong("num_attention_heads", $"{queryHeads}", $"a divisor of the hidden size {hiddenSize}");
        }

        var headSize = decoder.Count("head_dim", hiddenSize / queryHeads);
        if (headSize % 2 != 0)
        {
            throw decoder.Wrong("head_dim", $"{headSize}", "an even number, since rotary positions turn pairs");
        }

        return new LanguageConfig(
            hiddenSize,
            decoder.Count("intermediate_size"),
            layers - speechLayers,
            speechLayers,
            queryHeads,
            keyValueHeads,
            headSize,
            (float)decoder.Positive("rms_norm_eps", 1e-6),
            decoder.Positive("rope_theta", 10_000),
            decoder.Count("max_position_embeddings"),
            decoder.Count("vocab_size")
        );
    }
}
